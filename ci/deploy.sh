#!/usr/bin/env bash
# Brings the image $IMAGE (by digest) to the environment behind $DEPLOY_HOOK, in the order in which
# it can be taken back: migrate (expand only), roll out, smoke test; if that fails, the image that
# ran before is rolled out again. The database stays: an expanded schema serves both releases.
#
# The hook is a URL of the platform that accepts POST {"action", "image"} and answers when it is done,
# with {"image"} that ran before on "rollout".
set -euo pipefail

: "${IMAGE:?}" "${DEPLOY_HOOK:?the environment has no secret DEPLOY_HOOK}" "${SHOP_URL:?}"
case $IMAGE in
  *@sha256:????????????????????????????????????????????????????????????????) ;;
  *) echo "error: $IMAGE is not named by its digest"; exit 1 ;;
esac

ask() {
  curl --fail --silent --show-error --max-time 900 --header 'content-type: application/json' \
    --data "$(jq -n --arg action "$1" --arg image "$2" '{action: $action, image: $image}')" \
    "$DEPLOY_HOOK"
}

ask migrate "$IMAGE"
before=$(ask rollout "$IMAGE" | jq -r '.image // empty')
if curl --fail --silent --retry 30 --retry-delay 2 --retry-all-errors "$SHOP_URL/health/ready" >/dev/null &&
  curl --fail --silent "$SHOP_URL/openapi.json" | jq -e .openapi >/dev/null; then
  echo "$IMAGE answers"
else
  echo "error: $IMAGE does not answer"
  [ -n "$before" ] || { echo "error: nothing ran before it"; exit 1; }
  ask rollout "$before" >/dev/null
  echo "rolled back to $before"
  exit 1
fi
