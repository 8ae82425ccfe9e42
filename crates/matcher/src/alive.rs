//! Who was alive each day, within bounds.
use crate::rows::Bucket;
use crate::time::Yearless;

/// Why a coverage tells nothing of who was alive. A list cut short would tell of machines that they were silent.
pub fn too_many(limit: usize) -> String {
    format!(
        "more than {limit} devices and days; who was alive is not told, scan fewer days at a time"
    )
}

/// See `time::QUARTER`; `Timeline::latest` never lies within one.
pub fn quarter(when: Bucket) -> Bucket {
    match when {
        Bucket::Minute(y) => Bucket::Minute(Yearless {
            minute: y.minute - y.minute % 15,
            ..y
        }),
        other => other,
    }
}
