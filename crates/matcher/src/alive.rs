//! Who was alive each day, within bounds.
/// Why a coverage tells nothing of who was alive. A list cut short would tell of machines that they were silent.
pub fn too_many(limit: usize) -> String {
    format!(
        "more than {limit} devices and days; who was alive is not told, scan fewer days at a time"
    )
}
