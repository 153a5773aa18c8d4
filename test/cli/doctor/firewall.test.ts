import { describe, expect, test } from 'vitest'
import { parseFilters, listFilters } from '../../../cli/doctor/filters.ts'
import { firewallFindings, managerFindings } from '../../../cli/doctor/firewall.ts'
import { printed } from '../../support/given.ts'

const nothing = printed('')
const refused = (stderr: string) => ({ ...nothing, exitCode: 4, stderr })
const nft = { iptables: 'iptables v1.8.9 (nf_tables)\n', ip6tables: 'ip6tables v1.8.9 (nf_tables)\n' }
const legacy = { iptables: 'iptables v1.8.9 (legacy)\n', ip6tables: 'ip6tables v1.8.9 (legacy)\n' }

/** Answers of the listings by the program; of the others an empty one. */
const filtersOf = (answers: { readonly [program: string]: ReturnType<typeof printed> }) =>
  parseFilters(listFilters.map(({ argv }) => answers[argv[0]!] ?? nothing))

const said = (answers: Parameters<typeof filtersOf>[0], versions = nft) =>
  firewallFindings(filtersOf(answers), versions).map(({ what, level, found }) => `${level} ${what}: ${found}`)

const fine = ['ok iptables backend: nft', 'ok forwarded packets: no chain drops them all']

const saved = (...lines: readonly string[]) => printed(`*filter\n${lines.join('\n')}\nCOMMIT\n`)

const table = (...lines: readonly string[]) =>
  printed(`table inet lab {\n\tchain f {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n}\n`)

const FORWARD = 'type filter hook forward priority filter; policy'

describe('what drops all that is forwarded is told', () => {
  test.each([
    [
      'the policy of nft',
      { nft: table(`${FORWARD} drop;`) },
      'chain f: of table inet lab \\(nft\\) drops .* by its policy',
    ],
    [
      'the last rule of a chain, as firewalld has it',
      {
        nft: table(
          `${FORWARD} accept;`,
          'ct state { established, related } accept',
          'reject with icmpx admin-prohibited',
        ),
      },
      'chain f: of table inet lab .* rejects .* by its rule "reject with icmpx admin-prohibited"',
    ],
    [
      'the policy of iptables, whatever it has counted',
      { 'iptables-legacy-save': saved(':FORWARD DROP [0:0]') },
      'chain FORWARD: of table filter \\(iptables-legacy, IPv4\\) drops .* by its policy',
    ],
    [
      'the policy of ip6tables, behind a chain that returns',
      { 'ip6tables-nft-save': saved(':FORWARD DROP [0:0]', ':U - [0:0]', '-A FORWARD -j U', '-A U -j RETURN') },
      'chain FORWARD: of table filter \\(iptables-nft, IPv6\\) drops .* by its policy',
    ],
  ])('%s', (_, answers, words) => {
    const all = said(answers as Parameters<typeof filtersOf>[0])
    expect(all).toHaveLength(2)
    expect(all[1]).toMatch(new RegExp(`^warn ${words}`))
  })

  test.each([
    ['a policy of another hook', { nft: table('type filter hook input priority filter; policy drop;') }],
    [
      'a rule for some packets only',
      { nft: table(`${FORWARD} accept;`, 'ip saddr 10.0.0.0/8 drop', 'ct state invalid drop') },
    ],
    ['a chain that accepts all before', { nft: table(`${FORWARD} drop;`, 'accept') }],
    [
      'a chain that nothing leads to',
      { 'iptables-nft-save': saved(':FORWARD ACCEPT [0:0]', ':U - [0:0]', '-A U -j DROP') },
    ],
    ['nothing', {}],
  ])('%s is not', (_, answers) => expect(said(answers as Parameters<typeof filtersOf>[0])).toEqual(fine))
})

const fixOf = (answers: Parameters<typeof filtersOf>[0]) => firewallFindings(filtersOf(answers), nft)[1]!.fix

test('the fix names the chain in which a rule helps, and how to look at it', () => {
  expect(fixOf({ nft: table(`${FORWARD} drop;`) })).toMatch(
    /uses nftables with family inet, table lab, chain f; look: nft list chain inet lab f$/,
  )
  expect(fixOf({ 'iptables-nft-save': saved(':FORWARD DROP [0:0]') })).toMatch(
    /uses iptables with chain FORWARD, position 1; look: iptables-nft -t filter -S FORWARD$/,
  )
})

test('rules in both backends are told, empty tables are not', () => {
  const rule = saved(':FORWARD ACCEPT [0:0]', '-A FORWARD -p tcp -j ACCEPT')
  const both = said({ 'iptables-nft-save': rule, 'ip6tables-legacy-save': rule })
  expect(both).toEqual([fine[0], expect.stringMatching(/^warn iptables rules: in both backends/), fine[1]])
  expect(said({ 'iptables-nft-save': rule, 'iptables-legacy-save': saved(':FORWARD ACCEPT [0:0]') })).toEqual(fine)
})

test('the backend is told, and when iptables and ip6tables are of different ones', () => {
  expect(said({}, legacy)[0]).toBe('ok iptables backend: legacy')
  expect(said({}, { ...nft, ip6tables: legacy.ip6tables })[0]).toMatch(
    /^warn .*iptables is of nft, ip6tables of legacy/,
  )
  expect(said({}, { iptables: '', ip6tables: '' })).toEqual(fine.slice(1))
})

test('what may not be looked at, or cannot be understood, is never told as harmless', () => {
  const may = refused('Operation not permitted (you must be root)\n')
  expect(said({ nft: may })).toEqual([fine[0], 'warn rules: may not be looked at'])
  const inUserNamespace = refused('Failed to list table names in /proc/net/ip_tables_names: Permission denied\n')
  expect(said({ 'iptables-legacy-save': inUserNamespace })).toContain(
    'ok iptables-legacy: its rules can be seen by the real root only',
  )
  expect(said({ 'iptables-nft-save': printed('nonsense\n') })).toContain('warn rules: the listing cannot be understood')
})

describe('others at work are told by', () => {
  const links = printed('1: lo: <LOOPBACK> mtu 65536\n7: docker0: <BROADCAST> mtu 1500\n')
  test.each([
    ['their links', {}, links, nothing, ['Docker is here (docker0)']],
    ['their files in /run', {}, nothing, printed('lock\nNetworkManager\nfirewalld\n'), ['firewalld', 'NetworkManager']],
    [
      'their tables',
      { nft: printed('table inet firewalld {\n\tchain x {\n\t}\n}\n') },
      nothing,
      nothing,
      ['firewalld'],
    ],
    ['their chains', { 'iptables-nft-save': saved(':ufw-before-forward - [0:0]') }, nothing, nothing, ['ufw']],
    ['nothing', { nft: table(`${FORWARD} accept;`) }, nothing, printed('lock\n'), ['others at work no Docker']],
  ])('%s', (_, answers, ip, run, names) => {
    const found = managerFindings(filtersOf(answers as Parameters<typeof filtersOf>[0]), ip, run)
    expect(found.map((it) => `${it.what} ${it.found}`)).toEqual(names.map((name) => expect.stringContaining(name)))
  })
})
