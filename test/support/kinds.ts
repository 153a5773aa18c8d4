import { execFileSync } from 'node:child_process'

/** Says whether the kernel has a kind of links, with such parameters: where it lacks one, tests of it are skipped. */
export function kernelHas(kind: string, ...words: readonly string[]): boolean {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  try {
    execFileSync('unshare', [...user, '--net', 'ip', 'link', 'add', 'x0', 'type', kind, ...words], {
      stdio: 'pipe',
    })
    return true
  } catch (error) {
    return !/Unknown device type|Operation not supported/.test(String((error as { stderr?: Buffer }).stderr))
  }
}
