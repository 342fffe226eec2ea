// Package trust makes the certificates with which simulated services serve HTTPS on
// loopback: each under an authority of its own that lives in this process only, so that
// a client trusts exactly what it was told to, and no switch that weakens TLS is needed
// anywhere.
//
// It must not be linked into the product's binary.
package trust

import (
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

// life is long enough for a machine that keeps a simulator up for days, and is counted
// on the machine's time because TLS clients check it there.
const life = 30 * 24 * time.Hour

// Certificate is what an HTTPS listener shows and what its clients have to trust.
type Certificate struct {
	// Authority is what to trust, as PEM, for SSL_CERT_FILE or a client's root pool.
	Authority []byte
	// Leaf is shown by the listener. It covers 127.0.0.1, ::1 and localhost.
	Leaf tls.Certificate
	// LeafPEM and KeyPEM are the leaf and its private key for servers that read files.
	LeafPEM, KeyPEM []byte
}

// New makes an authority of that name and one leaf under it, valid from an hour before
// now, which is the machine's time. The error is one of the random source.
func New(name string, now time.Time) (Certificate, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("make the authority's key: %w", err)
	}
	authority := template(1, name, now)
	authority.IsCA = true
	authority.BasicConstraintsValid = true
	authority.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	authorityBytes, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("sign the authority's certificate: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("make the server's key: %w", err)
	}
	leaf := template(2, "localhost", now)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leafBytes, err := x509.CreateCertificate(rand.Reader, leaf, authority, &leafKey.PublicKey, authorityKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("sign the server's certificate: %w", err)
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("write the server's key: %w", err)
	}
	return Certificate{
		Authority: encoded("CERTIFICATE", authorityBytes),
		Leaf:      tls.Certificate{Certificate: [][]byte{leafBytes}, PrivateKey: leafKey},
		LeafPEM:   encoded("CERTIFICATE", leafBytes),
		KeyPEM:    encoded("PRIVATE KEY", keyBytes),
	}, nil
}

// Client is the TLS configuration of a client that trusts this authority and no other.
func (c Certificate) Client() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.Authority)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// Server is the TLS configuration of the listener.
func (c Certificate) Server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.Leaf}, MinVersion: tls.VersionTLS12}
}

func encoded(kind string, content []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
}

// template begins an hour early for clients whose clock is a little behind.
func template(serial int64, name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(life),
	}
}
