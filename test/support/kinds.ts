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

/** Says whether a kernel can queue packets in such a way: where it cannot, tests of it are skipped. */
export function kernelQueues(kind: string, ...words: readonly string[]): boolean {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  try {
    const command = [...user, '--net', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', kind, ...words]
    execFileSync('unshare', command, { stdio: 'pipe' })
    return true
  } catch (error) {
    return !/qdisc kind is unknown/.test(String((error as { stderr?: Buffer }).stderr))
  }
}
