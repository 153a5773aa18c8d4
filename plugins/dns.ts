import { defineStep } from '../core/step.ts'
import { dnsDocs } from './docs/dns.ts'
import { dnsInput, filesOf, type DnsInput } from './lib/dns-input.ts'
import { fileStep, type FilesState } from './lib/file-step.ts'

/**
 * Says how names are resolved in a netns, by the files of `/etc/netns/NAME` that ip-netns(8) mounts over those of `/etc` for
 * the commands that `ip netns exec` starts.
 *
 * What was in the files comes back at undo, bytes, mode and owner. The netns need not be there yet.
 *
 * @see ip-netns(8), resolv.conf(5), hosts(5)
 */
export default defineStep<DnsInput, FilesState>({
  type: 'dns',
  summary: 'Says how names are resolved in a netns.',
  docs: dnsDocs,
  input: dnsInput,
  ...fileStep<DnsInput>(filesOf),
  sketch: ({ netns, nameservers = [], hosts = {} }) => [
    ...(nameservers.length === 0 ? [] : [{ draw: 'note' as const, netns, text: `names by ${nameservers.join(', ')}` }]),
    ...(Object.keys(hosts).length === 0
      ? []
      : [{ draw: 'note' as const, netns, text: `hosts ${Object.values(hosts).flat().join(', ')}` }]),
  ],
})
