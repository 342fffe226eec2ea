package tenant

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificateLife is long enough for a machine that keeps the simulator up for days, and is counted
// on the machine's time because TLS clients check it there.
const certificateLife = 30 * 24 * time.Hour

// certificate is what the HTTPS listener shows and what a client has to trust.
type certificate struct {
	authority []byte
	leaf      tls.Certificate
}

// newCertificate makes an authority that lives only in this process, and one leaf under it: clients
// then trust exactly this tenant, and no switch that weakens TLS is needed anywhere.
func newCertificate(now time.Time) (certificate, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, fmt.Errorf("make the authority's key: %w", err)
	}
	authority := certificateTemplate(1, "Simulated tenant authority", now)
	authority.IsCA = true
	authority.BasicConstraintsValid = true
	authority.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	authorityBytes, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return certificate{}, fmt.Errorf("sign the authority's certificate: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, fmt.Errorf("make the server's key: %w", err)
	}
	leaf := certificateTemplate(2, "localhost", now)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leafBytes, err := x509.CreateCertificate(rand.Reader, leaf, authority, &leafKey.PublicKey, authorityKey)
	if err != nil {
		return certificate{}, fmt.Errorf("sign the server's certificate: %w", err)
	}
	var text bytes.Buffer
	err = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: authorityBytes})
	if err != nil {
		return certificate{}, fmt.Errorf("write the authority's certificate: %w", err)
	}
	return certificate{
		authority: text.Bytes(),
		leaf:      tls.Certificate{Certificate: [][]byte{leafBytes}, PrivateKey: leafKey},
	}, nil
}

// certificateTemplate begins an hour early for clients whose clock is a little behind.
func certificateTemplate(serial int64, name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
	}
}
