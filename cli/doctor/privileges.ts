import { show, type Command, type Output } from '../../core/command.ts'
import { missingCapabilities } from '../../library/privilege.ts'
import { allowNamespaces, makeNamespaces } from '../../library/sandbox/namespaces.ts'
import { fail, ok, warn, type Found } from './finding.ts'
import type { Sysctls } from './sysctls.ts'

/** What was seen of the rights of nsnet. */
export interface Rights {
  readonly uid: number
  /** `/proc/self/status` */
  readonly status: string
  /** What came of making the namespaces of the sandbox, and whether they were made. */
  readonly sandbox: { readonly works: boolean; readonly output: Output }
  /** What came of `asOrdinary` and, where no other user is known, of `asSelf`. */
  readonly userNamespaces: readonly Output[]
  readonly sysctls: Sysctls
}

const userNamespace = ['unshare', '--user', '--map-root-user', '--net', '--', 'true']

/** Makes a user namespace as the user nobody; where that user is not mapped, setpriv(1) says so. */
const asOrdinary: Command = {
  argv: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--', ...userNamespace],
}

const asSelf: Command = { argv: userNamespace }

/** The commands that try user namespaces. */
export const tryUserNamespaces: readonly Command[] = [asOrdinary, asSelf]

/** Says what nsnet may do here: work on the host, and in a sandbox. */
export function privilegeFindings(rights: Rights): readonly Found[] {
  return [capabilityFinding(rights), sandboxFinding(rights), ...userNamespaceFindings(rights)]
}

function capabilityFinding({ uid, status, sandbox }: Rights): Found {
  const missing = missingCapabilities(status)
  const [what, by] = ['capabilities', 'grep CapEff /proc/self/status']
  if (missing.length === 0) return ok(what, 'CAP_NET_ADMIN and CAP_SYS_ADMIN', by)
  const lacks = `${uid === 0 ? 'root' : 'an ordinary user'} lacks ${missing.join(' and ')}`
  const fix = uid === 0 ? 'start the container with --privileged' : 'look with all rights: sudo nsnet doctor'
  return sandbox.works
    ? warn(what, `${lacks}; only --sandbox works`, fix, by)
    : fail(what, `${lacks}; --sandbox does not work either`, fix, by)
}

function sandboxFinding({ uid, status, sandbox, sysctls }: Rights): Found {
  const by = show({ argv: makeNamespaces })
  if (sandbox.works) return ok('sandbox', 'namespaces for it can be made', by)
  const bad = missingCapabilities(status).length === 0 ? warn : fail
  const container = 'in a container, start it with --privileged'
  const fix = uid === 0 ? container : `run it with sudo, or allow it: ${howToAllow(sysctls) ?? container}`
  return bad('sandbox', `cannot be made: ${reasonIn(sandbox.output)}`, fix, by)
}

/** Of root, who needs none for the sandbox, the question is whether others may have one. */
function userNamespaceFindings({ uid, status, userNamespaces: [ordinary, self], sysctls }: Rights): readonly Found[] {
  if (uid !== 0 || missingCapabilities(status).length > 0 || !ordinary || !self) return []
  const known = !ordinary.stderr.startsWith('setpriv:')
  const [output, by] = known ? [ordinary, show(asOrdinary)] : [self, show(asSelf)]
  const what = 'user namespaces'
  if (output.exitCode === 0) return [ok(what, 'ordinary users can use the sandbox', by)]
  const fix = `allow them: ${howToAllow(sysctls) ?? 'in a container, start it with --privileged'}`
  return [warn(what, `ordinary users cannot use the sandbox: ${reasonIn(output)}`, fix, by)]
}

const reasonIn = ({ stderr, timedOut }: Output): string =>
  stderr
    .trim()
    .split('\n')[0]
    ?.replace(/^unshare: /, '') || (timedOut ? 'no answer within 10 s' : 'no reason given')

/** Names the sysctl that stands in the way. */
function howToAllow(sysctls: Sysctls): string | undefined {
  if (sysctls['kernel.unprivileged_userns_clone'] === '0') return allowNamespaces.clone
  if (sysctls['user.max_user_namespaces'] === '0') return allowNamespaces.max
  if (sysctls['kernel.apparmor_restrict_unprivileged_userns'] === '1') return allowNamespaces.apparmor
  return undefined
}
