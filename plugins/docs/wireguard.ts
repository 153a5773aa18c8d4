import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `wireguard`. */
export const wireguardDocs: StepDocs = {
  details:
    'A WireGuard tunnel sends packets encrypted to the peer whose "allowedIps" have their destination, and ' +
    'takes those from it alone. It needs the program wg (package wireguard-tools).\n\n' +
    'The encrypted packets are sent in the netns "outerNetns", without it in the one that nsnet runs in, ' +
    'wherever the link is born: a netns can have a tunnel as its only way out.\n\n' +
    'Give "privateKey" and "presharedKey" as inputs with "secret": they are then in no journal and on no ' +
    'screen, and go to wg by its stdin. Where a peer is, changes when it roams: "endpoint" says where it is at ' +
    'first.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'vpn',
      uses: 'wireguard',
      name: 'The only way out of a netns',
      with: {
        name: 'wg0',
        netns: 'ns1',
        mtu: 1380,
        listenPort: 51820,
        privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
        peers: [
          {
            publicKey: 'uA8ddNbBGRLMhgVPHVtyWnZYBLK5Xr8Te7GpRAAmI1w=',
            endpoint: '192.0.2.2:51820',
            allowedIps: ['0.0.0.0/0', '::/0'],
            keepalive: 25,
          },
        ],
      },
    },
  ],
  outputs: { mac: 'null: it has none', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['wg(8)', 'ip-link(8)', 'https://www.wireguard.com/netns/'],
}
