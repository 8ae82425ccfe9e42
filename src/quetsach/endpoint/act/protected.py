"""What is never touched, whatever a finding says: the system's own files and programs, logs, histories, our own."""

from __future__ import annotations

import re
from functools import cache

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, Signature, System

_CORE = frozenset(
    "ntoskrnl.exe hal.dll ntdll.dll kernel32.dll kernelbase.dll user32.dll gdi32.dll advapi32.dll combase.dll "
    "rpcrt4.dll sechost.dll shell32.dll ole32.dll msvcrt.dll ucrtbase.dll ws2_32.dll crypt32.dll wintrust.dll "
    "win32k.sys ntfs.sys tcpip.sys winload.exe winload.efi winresume.exe bootmgr bootmgfw.efi smss.exe csrss.exe "
    "wininit.exe winlogon.exe services.exe lsass.exe lsaiso.exe lsm.exe svchost.exe dwm.exe explorer.exe "
    "userinit.exe logonui.exe fontdrvhost.exe sihost.exe taskhostw.exe taskhost.exe runtimebroker.exe spoolsv.exe "
    "conhost.exe cmd.exe powershell.exe rundll32.exe regsvr32.exe reg.exe taskmgr.exe regedit.exe msiexec.exe "
    "dllhost.exe wmiprvse.exe wuauclt.exe trustedinstaller.exe tiworker.exe searchindexer.exe ctfmon.exe "
    "sppsvc.exe sppc.dll sppcext.dll sppwinob.dll sppobjs.dll sppextcomobj.exe slui.exe slc.dll slmgr.vbs "
    "osppsvc.exe clipsvc.dll clipup.exe msmpeng.exe nissrv.exe mpcmdrun.exe sethc.exe utilman.exe osk.exe "
    "magnify.exe narrator.exe displayswitch.exe atbroker.exe netsh.exe wevtutil.exe schtasks.exe sc.exe hosts".split()
)
"""Names of Windows' own that are left alone in Windows' own folders."""
_CORE_SERVICES = frozenset(
    "rpcss rpceptmapper dcomlaunch eventlog windefend wdnissvc mpssvc bfe wscsvc lsm samss plugplay power profsvc "
    "schedule winmgmt dnscache dhcp nsi lanmanworkstation lanmanserver cryptsvc trustedinstaller wuauserv sppsvc "
    "osppsvc osppsvc clipsvc licensemanager keyiso netlogon gpsvc usermanager coremessagingregistrar brokerinfrastructure "
    "tcpip afd ntfs disk volmgr partmgr acpi pci sense securityhealthservice".split()
)
_WINDOWS_NEVER = re.compile(
    r"\\(?:System32\\(?:config|winevt|catroot2?|DriverStore|wbem)|WinSxS|servicing|Boot|assembly|Fonts|INF"
    r"|SystemApps|WindowsApps|SoftwareDistribution)(?:\\|$)"
    r"|\.(?:evtx?|etl|dmp)$|\\(?:NTUSER|UsrClass)\.DAT|\\ConsoleHost_history\.txt$|\\Prefetch\\|\\QuetSach\\"
    r"|\\(?:Windows Defender|Microsoft Security Client)\\|\\System Volume Information\\|\\\$Recycle\.Bin\\"
    r"|^[A-Za-z]:\\(?:bootmgr|pagefile\.sys|hiberfil\.sys|swapfile\.sys)$|\\EFI\\Microsoft\\",
    re.IGNORECASE,
)
_UNIX_NEVER = re.compile(
    r"/(?:boot|proc|sys|dev(?!/shm/)|run/systemd)(?:/|$)|/var/(?:log|lib/dpkg|lib/rpm|lib/quetsach)(?:/|$)"
    r"|/etc/(?:passwd|shadow|group|gshadow|sudoers|fstab|hostname|machine-id|resolv\.conf|hosts)$"
    r"|/\.(?:[a-z]+_history|python_history|lesshst|viminfo)$|/authorized_keys$|/\.ssh/"
)
_UNIX_SYSTEM = re.compile(r"/(?:usr(?!/local/)|bin|sbin|lib[0-9x]*)/")
_MOST_LISTS, _MOST_LIST = 20_000, 32 << 20


def file(machine: Machine, path: str, *, is_certain: bool = False) -> bool:
    """Whether a file must stay where it is. `is_certain`: its content is on the campaign's list of hashes.

    A valid signature protects: a name or a rule says less than a maker's signature. A hash on the list says
    more, but not in Windows' own folders.
    """
    if machine.system is System.LINUX:
        return _UNIX_NEVER.search(path) is not None or _is_packaged(machine, path)
    if _WINDOWS_NEVER.search(path):
        return True
    is_windows = _is_below(path, machine.variables.get("systemroot", r"C:\Windows"))
    if is_windows and windowspath.basename(path).casefold() in _CORE:
        return True
    return (is_windows or not is_certain) and machine.signature(path)[0] is Signature.VALID


def program(machine: Machine, path: str) -> bool:
    """Whether a running program must go on; one whose file is not known is left alone."""
    return not path or file(machine, path, is_certain=True)


def service(name: str) -> bool:
    """Whether a service of Windows must stay as it is."""
    return name.casefold() in _CORE_SERVICES


def edited(machine: Machine, path: str) -> bool:
    """Whether the lines of a file may not be changed: only settings that people change too may be."""
    if machine.system is System.LINUX:
        return not re.fullmatch(
            r"/etc/(?:hosts|crontab|anacrontab|ld\.so\.preload|environment|profile|cron\.d/[^/]+)"
            r"|/var/spool/cron/(?:crontabs/)?[^/]+|/(?:root|home/[^/]+)/\.(?:profile|bashrc|bash_profile)",
            path,
        )
    return not re.search(r"\\hosts$|\.vmoptions$", path, re.IGNORECASE)


def _is_below(path: str, folder: str) -> bool:
    return path.casefold().startswith(folder.casefold().rstrip("\\") + "\\")


def _is_packaged(machine: Machine, path: str) -> bool:
    """Whether dpkg put it there; where there is no dpkg, the system's folders as a whole count."""
    owned = _packaged(machine)
    if not owned:
        return _UNIX_SYSTEM.match(path) is not None
    # Since /usr was merged the lists may say /bin where the disk says /usr/bin.
    return path in owned or path.removeprefix("/usr") in owned


@cache
def _packaged(machine: Machine) -> frozenset[str]:
    found: set[str] = set()
    try:
        lists = machine.files.entries("/var/lib/dpkg/info")[:_MOST_LISTS]
        for one in lists:
            if one.name.endswith(".list"):
                text = machine.files.read(one.path, _MOST_LIST)
                found.update(text.decode("utf-8", "surrogateescape").splitlines())
        return frozenset(found)
    except Unavailable:
        return frozenset()
