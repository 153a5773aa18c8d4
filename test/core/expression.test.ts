import { describe, expect, test } from 'vitest'
import { parseTemplate } from '../../core/expression.ts'
import type { Scope } from '../../core/expression-values.ts'

const LONG = 'x'.repeat(65_536)

const scope: Scope = {
  inputs: {
    n: 3,
    name: 'blue',
    flag: true,
    constructor: 'own',
    long: LONG,
    longer: `${LONG}x`,
    prefix: '10.0.0.0/24',
    prefix6: '2001:db8::/64',
  },
  host: { uplink: 'enp1s0' },
  steps: (id) => (id === 'my-veth' ? { mac: '02:00:00:00:00:01' } : undefined),
}

test.each([
  ['plain text', 'plain text'],
  ['${{ inputs.n }}', 3],
  ['${{ inputs.flag }}', true],
  ['n is ${{ inputs.n }}', 'n is 3'],
  ['${{ inputs.n + 1 }}', 4],
  ['${{inputs.name}}-${{host.uplink}}', 'blue-enp1s0'],
  ['${{ inputs.flag ? "yes" : "no" }}', 'yes'],
  ['${{ steps["my-veth"].outputs.mac }}', '02:00:00:00:00:01'],
  ['${{ cidrhost(inputs.prefix, 2) }}', '10.0.0.2'],
  ['${{ cidrhost(inputs.prefix, -2) }}', '10.0.0.254'],
  ['${{ address(inputs.prefix, 2) }}', '10.0.0.2/24'],
  ['${{ address(inputs.prefix6, 255) }}', '2001:db8::ff/64'],
  ['${{ cidrsubnet("10.0.0.0/8", 16, 2) }}', '10.0.2.0/24'],
  ['${{ cidrsubnet("10.0.0.0/8", 16, 65535) }}', '10.255.255.0/24'],
  ['${{ cidrsubnet("10.9.0.0/30", 2, 3) }}', '10.9.0.3/32'],
  ['${{ cidrsubnet("2001:db8::/32", 32, 5) }}', '2001:db8:0:5::/64'],
  ['${{ cidrsubnet(inputs.prefix, 0, 0) }}', '10.0.0.0/24'],
  ['${{ inputs.constructor }}', 'own'],
  ['${{ inputs.prefix.split("/")[1] }}', '24'],
  ['$${{ literal }}', '${{ literal }}'],
])('%s is %j', (text, expected) => expect(parseTemplate(text).evaluate(scope)).toEqual(expected))

test('names what an expression reads', () =>
  expect(parseTemplate('${{ inputs.a }} ${{ steps["my-veth"].outputs.mac + host.uplink }}').references).toEqual([
    ['inputs', 'a'],
    ['steps', 'my-veth', 'outputs', 'mac'],
    ['host', 'uplink'],
  ]))

describe('refuses', () => {
  test.each([
    ['${{ inputs.', 'expected "}}" after "${{"'],
    ['${{ 1 + }}', 'expected a value, got the end'],
    ['${{ secrets.x }}', 'expected inputs, host, steps, each, index or a text in quotes, got secrets'],
    ['${{ input.x }}', 'got input, did you mean "inputs"?'],
    ['${{ nofunction(1) }}', 'expected a function that expressions have, got nofunction()'],
    ['${{ var.x }}', 'expected inputs, host, steps, each, index or a text in quotes, got var'],
    ['${{ inputs.x = 5 }}', 'expected a value or an operator (== != < > && || !), got ='],
    ['${{ cidrhost(1, 2) }}', 'expected cidrhost(prefix, n), got cidrhost(int, int)'],
    ['${{ [1, 2].map(a, a) }}', 'got map()'],
    ['${{ [1].all(a, [2].exists(b, a == b)) }}', 'got all()'],
    ['${{ cel.bind(a, 1, a) }}', 'got bind()'],
    ['${{ "a".matches("(a+)+$") }}', 'got matches()'],
    ['${{ "a".startWith("a") }}', 'got startWith() (did you mean "startsWith"?)'],
    ['x'.repeat(65_537) + '${{ 1 }}', 'at most 65536 characters, got 65545'],
  ])('%s', (text, message) => expect(() => parseTemplate(text)).toThrow(message))

  test.each([
    ['${{ inputs.none }}', 'No such key: none'],
    ['${{ inputs.toString }}', 'No such key'],
    ['${{ inputs.name.__proto__ }}', 'No such key'],
    ['${{ cidrhost("10.0.0.0/24", 256) }}', 'has no host number 256'],
    ['${{ cidrhost("10.0.0.0", 1) }}', 'expected a prefix'],
    ['${{ cidrsubnet("10.0.0.0/8", 25, 0) }}', 'prefix 10.0.0.0/8 has no subnets that are 25 bits longer'],
    ['${{ cidrsubnet("10.0.0.0/8", -1, 0) }}', 'has no subnets that are -1 bits longer'],
    ['${{ cidrsubnet("10.0.0.0/8", 4, 16) }}', 'prefix 10.0.0.0/8 has no subnet number 16 of length 12'],
    ['${{ cidrsubnet("10.0.0.0/8", 4, -1) }}', 'has no subnet number -1'],
    ['${{ inputs.long + "x" }}', 'expected a text of at most 65536 characters, got 65537'],
    ['${{ inputs.longer }}', 'expected a text of at most 65536 characters, got 65537'],
    ['${{ inputs.long }}x', 'at most 65536 characters, got 65537'],
  ])('%s when it is evaluated', (text, message) => expect(() => parseTemplate(text).evaluate(scope)).toThrow(message))
})
