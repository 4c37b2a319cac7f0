"""Decisions, all of them pure: which cluster gets which objects, from which commit, under which names, in what order.

In: the declared Fleet, the commits, the manifests. Out: a ClusterPlan per cluster, or every Problem there is.

What does not belong here: reading anything (files, environment, clusters, state), and registering anything. The same
input gives the same plan, whatever the order it comes in.
"""
