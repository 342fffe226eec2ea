package tenant

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// Transport is a new transport for HTTPS that trusts this tenant's own authority and nobody else.
// It belongs to the caller, who may change it before its first use and closes its idle connections.
func (t *Tenant) Transport() *http.Transport {
	return &http.Transport{TLSClientConfig: t.trust()}
}

func (t *Tenant) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(t.certificate.authority)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}
