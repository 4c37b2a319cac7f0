#!/bin/bash
# What a CI job does without fleet: every application for every cluster, one after another.
# Usage: CLUSTERS='NAME…' render.sh OUTPUT [APPLICATION…]; in the checkout.
set -e
output=$1
shift
applications=("$@")
[ $# -gt 0 ] || applications=(kustomizations/* charts/*)

for cluster in $CLUSTERS; do
  mkdir -p "$output/$cluster"
  for application in "${applications[@]}"; do
    name=${application##*/}
    case $application in
      kustomizations/*)
        directory=overlays/$cluster/$name
        [ -d "$directory" ] || directory=$application
        kustomize build "$directory" > "$output/$cluster/$name.yaml"
        ;;
      charts/*)
        values=()
        [ ! -f "$application/values-$cluster.yaml" ] || values=(--values "$application/values-$cluster.yaml")
        helm template "$name" "$application" --namespace apps "${values[@]}" > "$output/$cluster/$name.yaml"
        ;;
    esac
  done
done
