function(
  containerPort=80,
  image='registry.example.com/guestbook:v5',
  name='jsonnet-guestbook-ui',
  replicas=1,
  servicePort=80,
)
  [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: name },
      spec: {
        ports: [{ port: servicePort, targetPort: containerPort }],
        selector: { app: name },
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: name },
      spec: {
        replicas: replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            containers: [
              { name: name, image: image, ports: [{ containerPort: containerPort }] },
            ],
          },
        },
      },
    },
  ]
