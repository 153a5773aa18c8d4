import { NsnetError } from '../../core/errors.ts'

/** What a systemd unit for a workflow says. */
export interface Unit {
  readonly name: string
  /** Name of the workflow. */
  readonly title: string
  /** Absolute path of the workflow file. */
  readonly workflow: string
  readonly start: readonly string[]
  readonly stop: readonly string[]
}

/** How every unit begins that nsnet wrote. */
export const WRITTEN = '# Written by nsnet'

/** Which file a unit is for, as `unitText` writes it; undefined when it does not say. */
export function workflowIn(text: string): string | undefined {
  const path = /^# Workflow: (".*")$/m.exec(text)?.[1]
  return path === undefined ? undefined : (JSON.parse(path) as string)
}

/**
 * Writes a systemd unit that runs a workflow at boot and takes it back when it is stopped.
 *
 * @see systemd.service(5), systemd.exec(5)
 */
export const unitText = ({
  name,
  title,
  workflow,
  start,
  stop,
}: Unit): string => `${WRITTEN}: "nsnet disable ${name}" removes it.
# Workflow: ${JSON.stringify(workflow)}
[Unit]
Description=Network of the workflow ${specifierSafe(title)}, by nsnet
Wants=network-online.target
# first the uplink, and whoever loads rules at boot and flushes those that are there
After=network-online.target nftables.service iptables.service netfilter-persistent.service
After=firewalld.service ufw.service docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${commandLine(start)}
ExecStop=${commandLine(stop)}
# only nsnet is told to stop: it lets the running command finish, and the next start goes on there
KillMode=mixed
TimeoutStartSec=15min
TimeoutStopSec=5min
# nothing that gives it a mount namespace of its own (ProtectSystem=, PrivateTmp= and the like):
# nobody else would see the netns that are made in there
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`

/** Writes the arguments of a program as systemd reads them back. @throws USAGE when systemd takes no such program */
export function commandLine([program = '', ...args]: readonly string[]): string {
  if (/["'\\\x00-\x1f\x7f]/.test(program)) {
    const message = `expected node at a path without quotes, backslashes and control characters, got ${program}`
    throw new NsnetError('USAGE', message, 'systemd takes no such program; install node elsewhere')
  }
  // of the program alone systemd replaces no variables
  return [
    quoted(specifierSafe(program)),
    ...args.map((arg) => quoted(specifierSafe(arg).replaceAll('$', '$$$$'))),
  ].join(' ')
}

const specifierSafe = (text: string): string => text.replaceAll('%', '%%')

function quoted(word: string): string {
  if (/^[\w@:,+=./%-]+$/.test(word)) return word
  const escaped = word
    .replace(/[\\"]/g, '\\$&')
    .replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `"${escaped}"`
}
