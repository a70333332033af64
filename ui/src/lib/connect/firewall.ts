/** How a firewall is told to let devices reach a port. */
export interface FirewallRule {
  readonly firewall: string;
  /** Where the command is entered. */
  readonly where: string;
  readonly command: string;
}

/** The commands for a port, for each firewall that has one. */
export function firewallRules(port: string): readonly FirewallRule[] {
  return [
    {
      firewall: 'ufw',
      where: 'Debian, Ubuntu and their relatives',
      command: `sudo ufw allow ${port}/tcp`,
    },
    {
      firewall: 'firewalld',
      where: 'Fedora, Red Hat, openSUSE',
      command: `sudo firewall-cmd --permanent --add-port=${port}/tcp && sudo firewall-cmd --reload`,
    },
    {
      firewall: 'Windows',
      where: 'in a terminal as administrator, for private networks',
      command: `netsh advfirewall firewall add rule name="Moustique ${port}" dir=in action=allow protocol=TCP localport=${port} profile=private`,
    },
  ];
}
