{
  containerPort: 80,
  image: 'registry.example.com/guestbook:v5',
  name: 'jsonnet-guestbook-ui',
  replicas: 1,
  servicePort: 80,
}
