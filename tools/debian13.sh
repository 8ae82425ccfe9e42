#!/bin/sh
# A folder with Debian 13, for the tests that need its wine (10) or its Suricata where this machine's own are older
# or missing:
#   tools/debian13.sh make        builds var/debian13, as root: about two minutes, 1 GB
#   tools/debian13.sh check       ends with 0 where `run` works, else says why not
#   tools/debian13.sh run CMD...  runs a program in it; this checkout and the temporary folder are there too
set -eu
ROOT=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd)
FOLDER=$ROOT/var/debian13
PART=$FOLDER.part
RELEASE=trixie
PACKAGES="wine wine64 suricata"
KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
TEMPORARY=${TMPDIR:-/tmp}

refuse() { printf '%s\n' "$*" >&2; exit 1; }

need_root() {
  [ "$(id -u)" = 0 ] || refuse "Debian 13 in a folder needs root: sudo tools/debian13.sh make"
  # Mounts of its own: they end with the command, and nothing is left behind on this machine.
  unshare -m true 2>/dev/null || refuse "Debian 13 in a folder needs mounts of its own, which this machine does not allow"
}

# The mirror that this machine itself uses.
mirror() {
  . /etc/os-release
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: ${VERSION_CODENAME:-}" 'Label: Debian' |
    head -n 1
}

make_folder() {
  need_root
  [ ! -f "$FOLDER/made" ] || [ "$(cat "$FOLDER/made")" != "$PACKAGES" ] || return 0
  command -v apt-get >/dev/null 2>&1 || refuse "Debian 13 in a folder needs apt's sources, and this is no Debian"
  command -v debootstrap >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null ||
    refuse "debootstrap is not here: sudo apt-get install debootstrap"
  [ -f "/usr/share/debootstrap/scripts/$RELEASE" ] || refuse "This debootstrap does not know $RELEASE: sudo apt-get upgrade"
  from=$(mirror)
  [ -n "$from" ] || refuse "apt knows no mirror of Debian: sudo apt-get update"
  printf '%s\n' "Bringing Debian 13's wine and Suricata into var/debian13 (about two minutes)" >&2
  rm -rf --one-file-system "$PART" "$FOLDER"
  mkdir -p "$ROOT/var"
  # In namespaces of its own: what debootstrap mounts and starts is gone when it ends, however it ends.
  unshare -m --pid --fork --kill-child sh -eu -c '
    release=$1; part=$2; from=$3; keys=$4; packages=$5
    debootstrap --variant=minbase --keyring="$keys" "$release" "$part" "$from" >"$part.log"
    cp -L /etc/resolv.conf "$part/etc/resolv.conf"
    apt-config dump Acquire | grep -Ei "^Acquire::(https?|Check|ForceIP|Retries|Max-Future)" \
      >"$part/etc/apt/apt.conf.d/90machine" || true
    printf "path-exclude=/usr/share/%s/*\n" doc man locale help >"$part/etc/dpkg/dpkg.cfg.d/small"
    export DEBIAN_FRONTEND=noninteractive
    chroot "$part" apt-get update -qq
    # shellcheck disable=SC2086
    chroot "$part" apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io \
      $packages >>"$part.log" 2>&1
    rm -rf "$part"/var/cache/apt/* "$part"/var/lib/apt/lists/*
  ' sh "$RELEASE" "$PART" "$from" "$KEYS" "$PACKAGES" ||
    refuse "Debian 13 could not be brought into var/debian13 ($PART.log says more)"
  printf '%s' "$PACKAGES" >"$PART/made"
  mv "$PART" "$FOLDER"
  rm -f "$PART.log"
}

check() {
  need_root
  [ -f "$FOLDER/made" ] || refuse "Debian 13 is not in var/debian13: sudo tools/debian13.sh make"
  (run true) 2>/dev/null || refuse "Debian 13 in var/debian13 does not start: sudo rm -r var/debian13 && sudo tools/debian13.sh make"
}

run() {
  exec unshare -m sh -eu -c '
    folder=$1; root=$2; temporary=$3; shift 3
    for place in /proc /dev "$temporary" "$root"; do
      mkdir -p "$folder$place"
      mount --rbind "$place" "$folder$place"
    done
    exec chroot "$folder" "$@"
  ' sh "$FOLDER" "$ROOT" "$TEMPORARY" "$@"
}

case ${1:-} in
  make) make_folder ;;
  check) check ;;
  run) shift; run "$@" ;;
  *) refuse "usage: tools/debian13.sh make | check | run COMMAND..." ;;
esac
