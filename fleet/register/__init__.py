"""What has been decided → Pulumi: providers, components, objects, stack outputs; and what Pulumi tells a program.

In: ClusterPlans. Out: registrations, the same in a preview and in an update. What does not belong here: a decision.
What is registered, under which name and with which options, stands in the plan; which engine listens is not known.
"""
