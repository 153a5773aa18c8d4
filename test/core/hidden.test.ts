import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../core/command.ts'
import { withoutSecretsInArgv } from '../../core/hidden.ts'
import { privateKernel } from '../support/kernel.ts'

const hidden = (...argv: readonly string[]): Command => withoutSecretsInArgv({ argv }, (text) => text.includes('S3CR'))

describe('a command with a secret among its arguments', () => {
  test.each<readonly [string, readonly string[], string, string]>([
    ['ip', ['ip', 'link', 'set', 'dev', 'a', 'alias', 'S3CR'], 'ip -batch -', 'link set dev a alias S3CR\n'],
    [
      'ip in a netns, with options',
      ['ip', '-n', 'blue', '-6', 'route', 'add', 'S3CR'],
      'ip -n blue -6 -batch -',
      'route add S3CR\n',
    ],
    [
      'ip with quotes',
      ['ip', 'x', "it's S3CR", '"S3CR"', '', "S3CR'"],
      'ip -batch -',
      `x "it's S3CR" '"S3CR"' '' S3CR'\n`,
    ],
    [
      'sysctl',
      ['ip', 'netns', 'exec', 'blue', 'sysctl', '-e', '-q', '-w', 'net/a=S3CR d', 'net/b=1'],
      'ip netns exec blue sysctl -e -q -p -',
      'net/a=S3CR d\nnet/b=1\n',
    ],
    [
      'iptables',
      ['iptables-nft', '-w', '5', '-t', 'nat', '-A', 'INPUT', '-m', 'comment', '--comment', 'S3CR "\\', '-j', 'DROP'],
      'iptables-nft-restore --noflush -w 5',
      '*nat\n-A INPUT -m comment --comment "S3CR \\"\\\\" -j DROP\nCOMMIT\n',
    ],
  ])('%s gives it by stdin', (_, argv, expected, stdin) => {
    expect(hidden(...argv)).toEqual({ argv: expected.split(' '), stdin })
  })

  test.each<readonly [string, readonly string[]]>([
    ['holds no secret', ['ip', 'link', 'set', 'dev', 'a', 'alias', 'plain']],
    ['is of a program that reads none', ['ping', 'S3CR']],
    ['has a comment sign for ip', ['ip', 'link', 'set', 'dev', 'a', 'alias', 'S3CR#1']],
    ['has white space and both quotes for ip', ['ip', 'link', 'set', 'dev', 'a', 'alias', `S3CR "'`]],
    ['has a pattern in its key for sysctl', ['sysctl', '-w', 'net/ipv4/conf/a*/x=S3CR']],
    ['looks like -t for iptables-restore', ['iptables', '-w', '5', '-t', 'nat', '-A', 'X', '--comment', '-at S3CR']],
  ])('stays as it is when it %s', (_, argv) => expect(hidden(...argv)).toEqual({ argv }))

  test('keeps its own stdin, time limit and exit codes', () => {
    const command = { argv: ['nft', '-f', '-', 'S3CR'], stdin: 'list ruleset' }
    expect(withoutSecretsInArgv(command, () => true)).toBe(command)
    const limited = { argv: ['ip', 'S3CR'], timeoutMs: 7, okExits: [0, 1] }
    expect(withoutSecretsInArgv(limited, () => true)).toMatchObject({ timeoutMs: 7, okExits: [0, 1] })
  })
})

/** Words that the kernel takes as an alias and as a comment. */
const word = fc
  .string({ unit: fc.constantFrom(...`abT- '"\\$\`.*[]{}|#;!%é=`), minLength: 1, maxLength: 20 })
  .filter((text) => text.trim() === text)

describe('the kernel gets the very same words', () => {
  test('from ip', async () => {
    const { exec } = await privateKernel()
    await fc.assert(
      fc.asyncProperty(word, async (alias) => {
        const command = withoutSecretsInArgv({ argv: ['ip', 'link', 'set', 'dev', 'lo', 'alias', alias] }, () => true)
        expect(await exec(command)).toMatchObject({ exitCode: 0, stderr: '' })
        const [link] = JSON.parse((await exec({ argv: ['ip', '-json', 'link', 'show', 'lo'] })).stdout)
        expect(link.ifalias).toBe(alias)
      }),
      { numRuns: 60 },
    )
  })

  test('from iptables', async () => {
    const { exec } = await privateKernel()
    await fc.assert(
      fc.asyncProperty(word, async (text) => {
        const rule = (verb: string): Command => ({
          argv: ['iptables-nft', '-w', '5', '-t', 'filter', verb, 'INPUT', '-m', 'comment', '--comment', text],
        })
        const added = withoutSecretsInArgv(rule('-A'), () => true)
        expect(await exec(added)).toMatchObject({ exitCode: 0, stderr: '' })
        // what the command line itself finds is what was meant
        expect(await exec(rule('-D'))).toMatchObject({ exitCode: 0, stderr: '' })
      }),
      { numRuns: 60 },
    )
  })

  test('from sysctl', async () => {
    const { exec } = await privateKernel()
    for (const value of ['0a1b2c3d-00000001-00000002-deadbeef', 'cafe0000-00000000-00000000-00000001']) {
      const argv = ['sysctl', '-q', '-w', `net/ipv4/tcp_fastopen_key=${value}`]
      expect(await exec(withoutSecretsInArgv({ argv }, () => true))).toMatchObject({ exitCode: 0, stderr: '' })
      expect((await exec({ argv: ['sysctl', '-n', 'net.ipv4.tcp_fastopen_key'] })).stdout).toBe(`${value}\n`)
    }
  })
})

test('iptables-restore makes the same tables and chains as iptables does', async () => {
  const [plain, byStdin] = [await privateKernel(), await privateKernel()]
  const argv = ['iptables-nft', '-w', '5', '-t', 'nat', '-A', 'POSTROUTING', '-s', '10.0.0.0/8', '-j', 'MASQUERADE']
  await plain.exec({ argv })
  await byStdin.exec(withoutSecretsInArgv({ argv }, () => true))
  const ruleset = await plain.sh('nft list ruleset')
  expect(ruleset).toContain('POSTROUTING')
  expect(await byStdin.sh('nft list ruleset')).toBe(ruleset)
})

test('a command that fails still says why and with which exit code', async () => {
  const { exec } = await privateKernel()
  const failing = (...argv: readonly string[]) => exec(withoutSecretsInArgv({ argv }, () => true))
  expect(await failing('ip', 'link', 'set', 'dev', 'none', 'alias', 'x')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Cannot find device "none"'),
  })
  expect(await failing('sysctl', '-w', 'net/ipv4/tcp_fastopen_key=x')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Invalid argument'),
  })
  const rule = ['iptables-nft', '-w', '5', '-t', 'filter', '-D', 'INPUT', '-m', 'comment', '--comment', 'x']
  expect(await failing(...rule)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Bad rule') })
})

test('what env is to set goes by the environment, also beside a text for stdin', () => {
  const argv = ['ip', 'netns', 'exec', 'blue', 'env', 'A=S3CR=1', 'B=x', 'tool', 'C=S3CR']
  const bare = ['ip', 'netns', 'exec', 'blue', 'env', 'B=x', 'tool', 'C=S3CR']
  expect(withoutSecretsInArgv({ argv, stdin: 'y' }, (text) => text.includes('S3CR'))).toEqual({
    argv: bare,
    stdin: 'y',
    env: { A: 'S3CR=1' },
  })
  expect(hidden('env', 'A=x', 'tool')).toEqual({ argv: ['env', 'A=x', 'tool'] })
})
