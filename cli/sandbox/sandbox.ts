import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { NsnetError } from '../../core/errors.ts'
import { toolPath } from '../../core/tool-path.ts'
import { SEE_DOCTOR } from '../../core/tools.ts'
import { exitOf, listen } from '../foreground.ts'
import { allowNamespaces, makeNamespaces } from '../../library/sandbox/namespaces.ts'
import { BIN, STATE } from '../../library/sandbox/world.ts'

export interface SandboxOptions {
  /** The command has the terminal to itself, as a shell needs it; else it is told to stop as nsnet itself is. */
  readonly interactive: boolean
  readonly env?: { readonly [name: string]: string }
}

/**
 * Runs a command in a private user (when not root), network, mount and pid namespace with a little world in it, and gives
 * the command's exit code. All of it is gone when the command ends, also when nsnet is killed.
 *
 * @throws SANDBOX_UNAVAILABLE when the kernel does not allow such namespaces
 * @see unshare(1), user_namespaces(7)
 */
export async function runInSandbox(argv: readonly string[], { interactive, env }: SandboxOptions): Promise<number> {
  const inner = [process.execPath, process.argv[1]!, '__sandbox', ...argv]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...makeNamespaces, '--', ...inner], {
    stdio: 'inherit',
    detached: !interactive,
    env: {
      ...process.env,
      ...env,
      NSNET_SANDBOX: '1',
      NSNET_STATE_DIR: STATE,
      PATH: `${BIN}:${toolPath()}`,
    },
  })
  const release = interactive ? onlyWait(child) : passSignals(child)
  const code = await exitOf(child)
    .catch((error: NodeJS.ErrnoException) => {
      throw missing(error)
    })
    .finally(release)
  if (code !== 0) expectNamespaces()
  return code
}

/** The terminal sends Ctrl-C to the command too; whoever ends nsnet otherwise ends the sandbox. */
function onlyWait(child: ChildProcess): () => void {
  const end = (): void => void child.kill('SIGKILL')
  return listen({ SIGINT: () => undefined, SIGQUIT: () => undefined, SIGTERM: end, SIGHUP: end })
}

/**
 * The command is in a session of its own, and gets each signal once, also that the window was resized; unshare(1) itself
 * would die of SIGHUP.
 */
function passSignals(child: ChildProcess): () => void {
  const pass = (name: NodeJS.Signals) => () => void process.kill(-child.pid!, name)
  return listen({
    SIGINT: pass('SIGINT'),
    SIGTERM: pass('SIGTERM'),
    SIGHUP: pass('SIGTERM'),
    SIGWINCH: pass('SIGWINCH'),
  })
}

const missing = (error: NodeJS.ErrnoException): Error =>
  error.code === 'ENOENT'
    ? new NsnetError('TOOL_MISSING', 'expected the program setpriv, found none', `install util-linux\n${SEE_DOCTOR}`)
    : error

/** Tells a failure of the command from namespaces that may not be made at all. */
function expectNamespaces(): void {
  const { status, stderr } = spawnSync(makeNamespaces[0]!, [...makeNamespaces.slice(1), '--', 'true'], {
    encoding: 'utf8',
  })
  if (status === 0) return
  const hint = [
    'ordinary users may not make namespaces here; run it with sudo, or allow them:',
    ...Object.values(allowNamespaces),
    SEE_DOCTOR,
  ]
  throw new NsnetError('SANDBOX_UNAVAILABLE', `cannot make the sandbox: ${stderr.trim()}`, hint.join('\n'))
}
