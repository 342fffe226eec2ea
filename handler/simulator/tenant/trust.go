package tenant

import (
	"crypto/tls"
	"net/http"
)

// Transport is a new transport for HTTPS that trusts this tenant's own authority and nobody else.
// It belongs to the caller, who may change it before its first use and closes its idle connections.
func (t *Tenant) Transport() *http.Transport {
	return &http.Transport{TLSClientConfig: t.trust()}
}

func (t *Tenant) trust() *tls.Config { return t.certificate.Client() }
