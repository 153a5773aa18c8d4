import { describe, expect, test } from 'vitest'
import { parseTemplate, type Scope } from '../../core/expression.ts'

const scope: Scope = {
  inputs: { n: 3, name: 'blue', flag: true, prefix: '10.0.0.0/24', prefix6: '2001:db8::/64' },
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
    ['${{ secrets.x }}', 'Unknown variable: secrets'],
    ['${{ nofunction(1) }}', 'nofunction'],
  ])('%s', (text, message) => expect(() => parseTemplate(text)).toThrow(message))

  test.each([
    ['${{ inputs.none }}', 'No such key: none'],
    ['${{ inputs.constructor }}', 'No such key'],
    ['${{ inputs.name.__proto__ }}', 'No such key'],
    ['${{ cidrhost("10.0.0.0/24", 256) }}', 'has no host number 256'],
    ['${{ cidrhost("10.0.0.0", 1) }}', 'expected a prefix'],
  ])('%s when it is evaluated', (text, message) => expect(() => parseTemplate(text).evaluate(scope)).toThrow(message))
})
