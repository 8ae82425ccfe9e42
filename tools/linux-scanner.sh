#!/bin/sh
# Scans logs: sh quet.sh FILE-OR-FOLDER...   with the lists in danh-sach, answer in ket-qua
# Any other command of quetsach: sh quet.sh -- scan --help
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 2
for python in python3.14 python3.13 python3.12 python3; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1 && break
  python=
done
if [ -z "$python" ]; then
  echo "Cần Python 3.12 trở lên. / Python 3.12 or newer is needed." >&2
  exit 2
fi
PYTHONPATH=$here/lib
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
if [ "${1:-}" = -- ]; then
  shift
else
  if [ $# -eq 0 ]; then
    echo "sh quet.sh TỆP-HOẶC-THƯ-MỤC-NHẬT-KÝ...   danh sách nằm trong danh-sach/ (xem DOC-TOI.txt)" >&2
    exit 2
  fi
  found=
  set -- -- "$@"
  for list in "$here"/danh-sach/*; do
    [ -f "$list" ] || continue
    found=yes
    set -- -i "$list" "$@"
  done
  if [ -z "$found" ]; then
    echo "Chưa có danh sách trong $here/danh-sach. / There is no list in that folder." >&2
    exit 2
  fi
  mkdir -p "$here/ket-qua" && set -- -o "$here/ket-qua/log-$(date +%Y%m%d-%H%M%S).html" "$@"
  set -- scan "$@"
fi
exec "$python" -s -P -X utf8 -c 'from quetsach.cli import main; main()' "$@"
