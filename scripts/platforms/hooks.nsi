; The hooks of the installer for Windows in an installer of nothing: shows that they
; compile, with what Tauri's own script has defined where it inserts them.

Unicode true
Name "Hooks"
OutFile "${OUTPUT}"
RequestExecutionLevel user

!include LogicLib.nsh
!include "${HOOKS}"
!define MAINBINARYNAME "moustique-desktop"
Var UpdateMode

Section
  !insertmacro NSIS_HOOK_POSTINSTALL
  WriteUninstaller "$INSTDIR\uninstall.exe"
SectionEnd

Function un.onInit
  StrCpy $UpdateMode 0
FunctionEnd

Section Uninstall
  !insertmacro NSIS_HOOK_PREUNINSTALL
SectionEnd
