//go:build tools

// Package conformance names the programs of upstream's end-to-end tests, so that go.mod has what they require.
package conformance

import (
	_ "github.com/onsi/ginkgo/v2/ginkgo"
	_ "k8s.io/kubernetes/test/e2e"
	_ "k8s.io/kubernetes/test/images/agnhost"
)
