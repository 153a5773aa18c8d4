import type { Command } from '../../core/command.ts'

/** Kernel parameters that were found, dotted key → value. */
export type Sysctls = { readonly [key: string]: string }

const keys = [
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
  'kernel.unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns',
  'user.max_user_namespaces',
]

/** The commands that read the parameters that matter; those that a kernel does not have are left out of the answer. */
export const readSysctls: readonly Command[] = [
  { argv: ['sysctl', '-e', ...keys] },
  { argv: ['sysctl', '-a', '-r', '^net\\.ipv4\\.conf\\..*\\.rp_filter$'] },
]

/** Reads what sysctl(8) printed. */
export function parseSysctls(stdout: string): Sysctls {
  return Object.fromEntries(Array.from(stdout.matchAll(/^(\S+) = ?(.*)$/gm), ([, key, value]) => [key, value]))
}
