#!/bin/sh
# The program of the supervisor's tests: becomes the test binary, which then plays a node (fake_node.rs).
exec "$FAKE_NODE_BINARY" --exact fake_node::plays_a_node_when_started_as_one --nocapture --test-threads=1
