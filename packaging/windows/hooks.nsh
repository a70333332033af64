; What the installer does besides copying files: the firewall.
;
; Without a rule Windows asks at the first start, and whoever clicks the question
; away gets a rule that blocks the devices. A rule needs the rights of an
; administrator, the rest of the installation does not: so one command asks for them,
; and where they are refused the program is installed all the same and Windows asks
; at the first start as before.
;
; For the private profile alone: at a café nobody is let in.

!define FIREWALL_RULE "Moustique"

!macro FIREWALL arguments
  ExecShellWait "runas" "$SYSDIR\netsh.exe" 'advfirewall firewall ${arguments}' SW_HIDE
!macroend

!macro NSIS_HOOK_POSTINSTALL
  ; An update finds the rule in place: it names the program, which has stayed there.
  ; In a silent installation nobody is there to be asked.
  ${If} $UpdateMode <> 1
  ${AndIfNot} ${Silent}
    !insertmacro FIREWALL 'add rule name="${FIREWALL_RULE}" dir=in action=allow profile=private program="$INSTDIR\${MAINBINARYNAME}.exe" enable=yes'
  ${EndIf}
!macroend

!macro NSIS_HOOK_PREUNINSTALL
  ${If} $UpdateMode <> 1
  ${AndIfNot} ${Silent}
    !insertmacro FIREWALL 'delete rule name="${FIREWALL_RULE}" program="$INSTDIR\${MAINBINARYNAME}.exe"'
  ${EndIf}
!macroend
