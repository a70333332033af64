; What the installer does besides copying files: the firewall.
;
; Without a rule Windows asks at the first start, and whoever clicks the question
; away gets a rule that keeps the devices out. To make a rule takes the rights of an
; administrator, the rest of the installation does not: so one command asks for them.
; Where they are refused the program is installed all the same, and Windows asks at the
; first start as it does for any program. A silent installation asks nobody.
;
; For the private profile alone: in a café nobody is let in.

; Another name than that of the program, which the rules that Windows makes have.
!define FIREWALL_RULE "Moustique (private networks)"

; Leaves 0 in $0 where the rule is there, which everybody may ask. Compared as text:
; where netsh cannot be started it is a word, which as a number would be 0 too.
!macro FIND_FIREWALL_RULE
  nsExec::Exec '"$SYSDIR\netsh.exe" advfirewall firewall show rule name="${FIREWALL_RULE}"'
  Pop $0
!macroend

!macro CHANGE_FIREWALL arguments
  ExecShellWait "runas" "$SYSDIR\netsh.exe" 'advfirewall firewall ${arguments}' SW_HIDE
!macroend

!macro NSIS_HOOK_POSTINSTALL
  ${IfNot} ${Silent}
    !insertmacro FIND_FIREWALL_RULE
    ${If} $0 != 0
      !insertmacro CHANGE_FIREWALL 'add rule name="${FIREWALL_RULE}" dir=in action=allow profile=private program="$INSTDIR\${MAINBINARYNAME}.exe" enable=yes'
    ${EndIf}
  ${EndIf}
!macroend

!macro NSIS_HOOK_PREUNINSTALL
  ; An update puts the program back where the rule says it is.
  ${IfNot} ${Silent}
  ${AndIf} $UpdateMode <> 1
    !insertmacro FIND_FIREWALL_RULE
    ${If} $0 == 0
      !insertmacro CHANGE_FIREWALL 'delete rule name="${FIREWALL_RULE}"'
    ${EndIf}
  ${EndIf}
!macroend
