"""The embedded engine: Pulumi's protocol and state, and Kubernetes underneath.

What belongs here: serving the program Pulumi's ResourceMonitor and Engine services, deciding steps from the state,
carrying them out in the clusters, keeping the checkpoint. What does not: anything about applications, Git or Argo CD.
The engine knows what any Pulumi program could tell it, and of `fleet:index:Application` components their documented
inputs.
"""
