"""What a scan says: sightings and coverage, as rows and as documents."""
