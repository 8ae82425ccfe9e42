"""The texts of the demonstration, in Vietnamese and English, in one table."""

from __future__ import annotations

import os

from quetsach.text import language

WORDS = {
    "build": ("Dựng môi trường và bộ máy quét", "Set up the environment and the engine"),
    "database": ("Cơ sở dữ liệu, tệp tĩnh", "Database, static files"),
    "tree": ("Cây đơn vị, chiến dịch, tài khoản", "Tree of offices, campaign, accounts"),
    "logs": ("Ghi nhật ký mẫu", "Write demonstration logs"),
    "publish": ("Ban hành chiến dịch và danh sách", "Publish the campaign and the list"),
    "cascade": ("Chuyển tiếp, xác nhận, triển khai", "Pass on, acknowledge, carry out"),
    "scan1": ("Quét lần một, lập hồ sơ, xử lý máy", "First scan, cases, cleaning"),
    "scan2": ("Quét lần hai", "Second scan"),
    "scan": ("Quét nhật ký", "Scan the logs"),
    "push": ("Gửi kết quả lên cổng", "Push the results to the portal"),
    "reports": ("Báo cáo, trả lại, tiếp nhận", "Reports sent, returned, accepted"),
    "victims": ("Báo cáo của nơi khác", "Reports of others"),
    "reported": ("{n} báo cáo", "{n} reports"),
    "machines": ("Kiểm tra máy, bản quyền", "Machines checked, licences"),
    "eighth": ("Chiến dịch thí điểm sau tám tuần", "A pilot campaign, eight weeks in"),
    "cases": ("{n} hồ sơ", "{n} cases"),
    "tools": ("Trang công cụ", "The tools page"),
    "stick": ("bộ kiểm tra trên USB", "the checking stick"),
    "wheel": ("bộ quét nhật ký", "the log scanner"),
    "on_windows": ("bộ quét mang theo cho Windows", "the scanner to carry for Windows"),
    "on_linux": ("bộ quét mang theo cho Linux", "the scanner to carry for Linux"),
    "on_windows_parts": (
        "./dev stick --kind scanner dựng được, khi có mạng",
        "./dev stick --kind scanner builds it, with a network",
    ),
    "on_linux_parts": ("./dev release dựng được, khi có mạng", "./dev release builds it, with a network"),
    "offered": ("có {what}", "{what} is offered"),
    "not_offered": ("chưa có {what}: {why}", "{what} is not offered: {why}"),
    "stick_parts": ("./dev stick dựng được, khi có mạng", "./dev stick builds it, with a network"),
    "wheel_parts": ("./dev wheel dựng được, khi có Rust", "./dev wheel builds it, with Rust"),
    "results": ("{n} kết quả", "{n} results"),
    "export": ("Xuất báo cáo", "Export the report"),
    "pages": ("Hỏi các trang chính", "Ask for the main pages"),
    "living": ("Bộ theo dõi nhật ký đang được ghi", "A sensor on a log that is being written"),
    "seen": ("đang chạy, có hồ sơ sau {s:.0f} giây", "alive, a case after {s:.0f} s"),
    "engine": ("bộ máy {name}", "{name} engine"),
    "units": ("{n} đơn vị", "{n} units"),
    "written": ("{mb:.0f} MB, {n} máy nhiễm giả định", "{mb:.0f} MB, {n} machines infected by invention"),
    "indicators": ("{n} chỉ dấu", "{n} indicators"),
    "list": ("{n} chỉ dấu, {rejected} dòng bị loại", "{n} indicators, {rejected} lines rejected"),
    "asked": ("{n} trang", "{n} pages"),
    "seconds": ("giây", "s"),
    "running": (
        "Cổng đang chạy sau {s:.0f} giây: {url}   (Ctrl-C để dừng)",
        "The portal runs after {s:.0f} seconds: {url}   (Ctrl-C stops it)",
    ),
    "invented": (
        "Dữ liệu mẫu: người, máy và số liệu đều là giả định.",
        "Demonstration data: people, machines and figures are invented.",
    ),
    "own": (
        "Nhật ký và danh sách của anh/chị; chỉ cây đơn vị và tài khoản là giả định.",
        "Your logs and your list; only the offices and the accounts are invented.",
    ),
    "exported": ("Báo cáo đã xuất: {files}", "Exported: {files}"),
    "occupied": (
        "Bản trình diễn đang chạy trong {folder}. Dừng nó trước (Ctrl-C), hoặc dùng cổng đang mở.",
        "A demonstration runs in {folder} already. Stop it first (Ctrl-C), or use its portal.",
    ),
    "busy": (
        "Cổng {wanted} đang có chương trình khác dùng; lần này dùng cổng {port}.",
        "Another program uses port {wanted}; this time it is port {port}.",
    ),
    "moved": (
        "Công văn đã lưu nay ghi địa chỉ {now}. Gói kiểm tra đã tải về vẫn ghi {before}.",
        "The stored letters now name {now}. Check packs that were downloaded before still name {before}.",
    ),
    "stopped": ("Đã dừng.", "Stopped."),
}


def say(key: str, **values: object) -> str:
    """The text in the language of the command line."""
    vietnamese, english = WORDS[key]
    chosen = language.choose(None, os.environ)
    return (vietnamese if chosen == "vi" else english).format(**values)
