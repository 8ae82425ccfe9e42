"""The results of a scan: sightings and coverage, as rows and as documents."""
