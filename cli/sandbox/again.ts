import { runInSandbox } from './sandbox.ts'

/** Calls this very command of nsnet again, without `--sandbox`, inside a little world that is gone afterwards. */
export function againInSandbox(): Promise<number> {
  const end = process.argv.indexOf('--')
  // behind it are the words of a command
  const isOurs = (at: number): boolean => end === -1 || at < end
  const argv = process.argv.filter((argument, at) => argument !== '--sandbox' || !isOurs(at))
  return runInSandbox([process.execPath, ...argv.slice(1)], { interactive: false, env: { NSNET_SANDBOX_ONCE: '1' } })
}
