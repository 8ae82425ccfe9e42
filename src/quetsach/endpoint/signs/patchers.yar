// Engines inside patchers and key generators. Two strings that belong together, never one alone.

rule quetsach_patch_engine_dup2 {
  meta:
    sign = "GEN-02"
  strings:
    $library = "dup2patcher.dll" ascii wide nocase
    $entry = "load_patcher" ascii
  condition:
    uint16(0) == 0x5A4D and all of them
}

rule quetsach_patch_engine_keygen_music {
  meta:
    sign = "GEN-02"
  strings:
    $player = "BASSMOD.dll" ascii wide nocase
    $word1 = "keygen" ascii wide nocase
    $word2 = "serial" ascii wide nocase
  condition:
    uint16(0) == 0x5A4D and $player and all of ($word*)
}
