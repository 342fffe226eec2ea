package storage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"mailgrant/handler/simulator/trust"
)

// StartSecureAzurite starts the emulator as StartAzurite does, but over HTTPS and with
// tokens: it reads a token's audience, issuer and life, and not its signature. folder gets
// the certificate and its key, which the emulator reads from files.
func StartSecureAzurite(ctx context.Context, modules, folder string, accounts int) (*Azurite, error) {
	made, err := trust.New("Simulated storage authority", time.Now())
	if err != nil {
		return nil, fmt.Errorf("making the storage emulator's certificate: %w", err)
	}
	leaf, key := filepath.Join(folder, "storage-leaf.pem"), filepath.Join(folder, "storage-key.pem")
	err = errors.Join(os.WriteFile(leaf, made.LeafPEM, 0o600), os.WriteFile(key, made.KeyPEM, 0o600))
	if err != nil {
		return nil, fmt.Errorf("writing the storage emulator's certificate: %w", err)
	}
	secured := makeAccounts(accounts)
	for i := range secured {
		secured[i].Trust = &made
	}
	return start(ctx, modules, secured, []string{"--oauth", "basic", "--cert", leaf, "--key", key})
}

// transport is a new one to the account's services. The emulator closes idle connections
// after five seconds. Ours must go first, or a write could meet a closing connection by
// accident.
func (a Account) transport() *http.Transport {
	made := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, IdleConnTimeout: 3 * time.Second}
	if a.Trust != nil {
		made.TLSClientConfig = a.Trust.Client()
	}
	return made
}
