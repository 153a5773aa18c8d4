import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('says nothing and does nothing when there is nothing to do', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['scripts/setup.mjs'], { encoding: 'utf8' })
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' })
})

test('tells an ordinary user which programs are missing and what to type', () => {
  const hide = 'mount -t tmpfs none /usr/sbin && exec unshare --user --map-user=1000 -- "$@"'
  const args = [
    '--user',
    '--map-root-user',
    '--mount',
    '--',
    'sh',
    '-c',
    hide,
    'sh',
    process.execPath,
    'scripts/setup.mjs',
  ]
  const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^set-up: these programs are missing: .*iptables.*\. Type:\n {2}sudo \S+ /)
  expect(stderr).toMatch(/iptables.* nftables/)
})
