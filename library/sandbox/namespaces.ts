/** The command that makes the namespaces of the sandbox: private user (when not root), network, mount and pid namespaces. */
export const makeNamespaces: readonly string[] = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--net',
  '--mount',
  '--propagation',
  'private',
  '--fork',
  '--pid',
  '--mount-proc',
  '--kill-child',
]

/** What lets ordinary users make namespaces, by the distribution that forbids it. @see user_namespaces(7) */
export const allowNamespaces = {
  clone: 'sudo sysctl -w kernel.unprivileged_userns_clone=1        (Debian)',
  apparmor: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (Ubuntu)',
  max: 'sudo sysctl -w user.max_user_namespaces=10000            (RHEL)',
} as const
