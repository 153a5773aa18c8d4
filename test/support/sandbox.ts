import { resolve } from 'node:path'
import type { Output } from '../../core/command.ts'
import { kernelOf, type Kernel } from './kernel.ts'

/** The real nsnet in the sandbox that users get, for as long as a test runs. */
export interface Sandboxed extends Kernel {
  /** The words that begin a command of nsnet there, for scripts. */
  readonly command: readonly string[]
  readonly nsnet: (...args: readonly string[]) => Promise<Output>
  /** The same, with environment variables such as `PATH=…`. */
  readonly nsnetIn: (env: readonly string[], ...args: readonly string[]) => Promise<Output>
}

const command = resolve('dist/nsnet.js')

/** Opens a sandbox for the running test, as the user who runs the tests or (for root) as an ordinary one. */
export async function sandboxed({ ordinary = false } = {}): Promise<Sandboxed> {
  const holder = [process.execPath, command, 'sandbox', '--', 'sh', '-c', 'echo ready && exec sleep infinity']
  const user = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--']
  return withNsnet(await kernelOf(ordinary && process.getuid?.() === 0 ? [...user, ...holder] : holder))
}

/** Has nsnet work in the kernel of a sandbox. */
export function withNsnet(kernel: Kernel): Sandboxed {
  const state = '/run/nsnet/own/state'
  const env = ['env', 'NSNET_SANDBOX=1', `NSNET_STATE_DIR=${state}`]
  const nsnetIn = (more: readonly string[], ...args: readonly string[]): Promise<Output> =>
    kernel.exec({ argv: [...env, ...more, process.execPath, command, ...args], timeoutMs: 120_000 })
  return { ...kernel, command: [...env, process.execPath, command], nsnet: (...args) => nsnetIn([], ...args), nsnetIn }
}
