import { runInSandbox } from './sandbox.ts'

/** Calls this very command of nsnet again, without `--sandbox`, inside a little world that is gone afterwards. */
export function againInSandbox(): Promise<number> {
  const argv = process.argv.filter((argument) => argument !== '--sandbox')
  return runInSandbox([process.execPath, ...argv.slice(1)], { interactive: false, env: { NSNET_SANDBOX_ONCE: '1' } })
}
