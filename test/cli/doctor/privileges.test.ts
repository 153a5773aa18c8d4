import { describe, expect, test } from 'vitest'
import { privilegeFindings, type Rights } from '../../../cli/doctor/privileges.ts'
import { printed } from '../../support/given.ts'

const refused = (stderr: string) => ({ ...printed(''), exitCode: 1, stderr })

const root: Rights = {
  uid: 0,
  status: 'CapEff:\t000001ffffffffff\n',
  sandbox: { works: true, output: printed('') },
  userNamespaces: [printed(''), printed('')],
  sysctls: {},
}
const user: Rights = { ...root, uid: 1000, status: 'CapEff:\t0000000000000000\n' }
const noSandbox = { works: false, output: refused('unshare: unshare failed: Operation not permitted\n') }

describe.each([
  ['root', root, ['capabilities ok', 'sandbox ok', 'user namespaces ok'], /^$/],
  ['an ordinary user', user, ['capabilities warn', 'sandbox ok'], /sudo nsnet doctor/],
  [
    'an ordinary user without a sandbox',
    { ...user, sandbox: noSandbox },
    ['capabilities fail', 'sandbox fail'],
    /sudo/,
  ],
  [
    'root without capabilities',
    { ...root, status: 'CapEff:\t00000000a80425fb\n', sandbox: noSandbox },
    ['capabilities fail', 'sandbox fail'],
    /--privileged/,
  ],
  [
    'root with one of the two',
    { ...root, status: 'CapEff:\t0000000000001000\n', sandbox: noSandbox },
    ['capabilities fail', 'sandbox fail'],
    /--privileged/,
  ],
  [
    'root who cannot make namespaces',
    { ...root, sandbox: noSandbox },
    ['capabilities ok', 'sandbox warn', 'user namespaces ok'],
    /--privileged/,
  ],
])('%s', (_, rights, levels, fix) => {
  const found = privilegeFindings(rights)
  test('is told what works', () => expect(found.map(({ what, level }) => `${what} ${level}`)).toEqual(levels))
  test('and what to do', () => expect(found.map((it) => it.fix ?? '').join('')).toMatch(fix))
})

test.each([
  [{ 'kernel.unprivileged_userns_clone': '0' }, 'Operation not permitted', /unprivileged_userns_clone=1/],
  [{ 'user.max_user_namespaces': '0' }, 'No space left on device', /max_user_namespaces=10000/],
  [{ 'kernel.apparmor_restrict_unprivileged_userns': '1' }, 'Permission denied', /apparmor_\w+=0/],
  [{ 'user.max_user_namespaces': '9000' }, 'Operation not permitted', /--privileged/],
])('with %j the sysctl in the way of user namespaces is named, to root and to the user', (sysctls, why, fix) => {
  const output = refused(`unshare: unshare failed: ${why}\n`)
  const ofRoot = privilegeFindings({ ...root, sysctls, userNamespaces: [output, output] })
  expect(ofRoot[2]).toMatchObject({ level: 'warn', fix: expect.stringMatching(fix) })
  expect(ofRoot[2]!.found).toContain(`unshare failed: ${why}`)
  const ofUser = privilegeFindings({ ...user, sysctls, sandbox: { works: false, output } })
  expect(ofUser[1]).toMatchObject({ level: 'fail', fix: expect.stringMatching(fix) })
})

test('where nobody else is mapped, root itself tries', () => {
  const unmapped = refused('setpriv: setresuid failed: Invalid argument\n')
  const self = refused('unshare: unshare failed: No space left on device\n')
  expect(privilegeFindings({ ...root, userNamespaces: [unmapped, printed('')] })[2]).toMatchObject({ level: 'ok' })
  expect(privilegeFindings({ ...root, userNamespaces: [unmapped, self] })[2]).toMatchObject({ level: 'warn' })
})
