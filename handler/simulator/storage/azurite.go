package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// startLimit is how long the emulator may take until all three services
// listen. It takes about half a second alone and much longer on a busy machine.
const startLimit = 60 * time.Second

// bootstrap makes the emulator end when its standard input closes, which the
// operating system does for us however this process ends.
// The accounts come in the same way, which leaves our environment as it is.
const bootstrap = `process.stdin.on("end",()=>process.exit(0));process.stdin.resume();` +
	`process.env.AZURITE_ACCOUNTS=%q;` + narrowed + `require(process.argv[1])`

// narrowed makes the emulator look up the partition that a query names by the index that
// it keeps but does not use: it tries the filter on every row of the table otherwise, and
// a query costs thousands of times what it costs the real service, which reads one
// partition. The whole filter is still tried on what is found; one with an
// "or" beside the partition is left as it is.
const narrowed = `
const rows=require("path").join(process.argv[1],"../table/persistence/LokiTableMetadataStore.js");
const store=require(rows).default.prototype, asked=store.queryTableEntities;
store.queryTableEntities=function(context,account,table,options,...next){
	const filter=options.filter||"", named=/^PartitionKey eq '((?:[^']|'')*)'( and |$)/.exec(filter);
	const outside=filter.replace(/'(?:[^']|'')*'/g,"").replace(/\([^()]*\)/g,"");
	if(!named||/[()]|\bor\b/i.test(outside))return asked.call(this,context,account,table,options,...next);
	const partition=named[1].replaceAll("''","'"), narrow=Object.create(this);
	narrow.getEntityCollection=(...which)=>{
		const all=this.getEntityCollection(...which);
		return {chain:()=>all.chain().find({PartitionKey:partition})};
	};
	return asked.call(narrow,context,account,table,options,...next);
};`

// Azurite is a running storage emulator whose data lives in memory only.
type Azurite struct {
	command  *exec.Cmd
	stdin    io.Closer
	accounts []Account
	exited   chan struct{}
	// output holds what the emulator printed, for error messages.
	output *tail
}

// StartAzurite starts the emulator on three free ports with the given number
// of accounts (at least one). modules is the folder that holds node_modules. It
// returns once all services listen; ctx bounds the start only, and Close ends
// the emulator. Missing modules or a missing node are errors that say what to
// run.
func StartAzurite(ctx context.Context, modules string, accounts int) (*Azurite, error) {
	return start(ctx, modules, makeAccounts(accounts), nil)
}

func start(ctx context.Context, modules string, accounts []Account, more []string) (*Azurite, error) {
	script, err := filepath.Abs(filepath.Join(modules, "node_modules", "azurite", "dist", "src", "azurite.js"))
	if err != nil {
		return nil, fmt.Errorf("locating the storage emulator: %w", err)
	}
	_, err = os.Stat(script)
	if err != nil {
		return nil, fmt.Errorf("the storage emulator is not installed (run: npm ci --prefix scripts/azurite): %w", err)
	}
	if len(accounts) < 1 {
		return nil, errors.New("starting the storage emulator without accounts: it needs one at least")
	}
	azurite := &Azurite{accounts: accounts, exited: make(chan struct{}), output: &tail{}}
	arguments := []string{"-e", fmt.Sprintf(bootstrap, accountsSetting(accounts)), "--", script,
		"--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck",
		"--blobPort", "0", "--queuePort", "0", "--tablePort", "0"}
	azurite.command = exec.Command("node", append(arguments, more...)...)
	azurite.command.SysProcAttr = ownGroup()
	ports, err := azurite.launch()
	if err != nil {
		return nil, err
	}
	err = azurite.await(ctx, ports)
	if err != nil {
		azurite.Close()
		return nil, err
	}
	return azurite, nil
}

// Account returns account n, counted from 0. It panics when n is not below the
// number that StartAzurite was asked for.
func (a *Azurite) Account(n int) Account {
	return a.accounts[n]
}

// Close kills the emulator and waits until it is gone. It may be called more
// than once.
func (a *Azurite) Close() {
	_ = a.command.Process.Kill()
	_ = a.stdin.Close()
	<-a.exited
}

// launch starts the process and returns the addresses that it announces, one
// "service address" pair each, on a channel that closes when its output ends.
func (a *Azurite) launch() (<-chan announcement, error) {
	stdin, err := a.command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("preparing the storage emulator: %w", err)
	}
	stdout, err := a.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("preparing the storage emulator: %w", err)
	}
	a.command.Stderr = a.output
	a.stdin = stdin
	err = a.command.Start()
	if err != nil {
		return nil, fmt.Errorf("starting the storage emulator with node: %w", err)
	}
	found := make(chan announcement, 3)
	go func() {
		a.read(stdout, found)
		// Only Wait frees the process; it must follow the end of the output.
		_ = a.command.Wait()
		close(a.exited)
	}()
	return found, nil
}

// announcement says where one service listens.
type announcement struct{ service, address string }

var listening = regexp.MustCompile(`Azurite (Blob|Queue|Table) service is successfully listening at (https?://\S+)`)

func (a *Azurite) read(stdout io.Reader, found chan<- announcement) {
	defer close(found)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		_, _ = a.output.Write(append(lines.Bytes(), '\n'))
		match := listening.FindStringSubmatch(lines.Text())
		if match != nil {
			found <- announcement{service: strings.ToLower(match[1]), address: match[2]}
		}
	}
}

// await fills in the endpoints as services announce them, then asks each
// service once, because the announcement comes from a log line.
func (a *Azurite) await(ctx context.Context, found <-chan announcement) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for range 3 {
		select {
		case one, open := <-found:
			if !open {
				return fmt.Errorf("the storage emulator ended while starting: %s", a.output)
			}
			a.place(one)
			err := a.answers(ctx, one.address)
			if err != nil {
				return fmt.Errorf("asking the emulator's %s service: %w", one.service, err)
			}
		case <-ctx.Done():
			return fmt.Errorf("waiting for the storage emulator (%s): %w", a.output, ctx.Err())
		}
	}
	return nil
}

func (a *Azurite) place(found announcement) {
	for i := range a.accounts {
		account := &a.accounts[i]
		endpoint := found.address + "/" + account.Name
		switch found.service {
		case serviceTable:
			account.TableEndpoint = endpoint
		case serviceQueue:
			account.QueueEndpoint = endpoint
		case serviceBlob:
			account.BlobEndpoint = endpoint
		}
	}
}

func (a *Azurite) answers(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	transport := a.accounts[0].transport()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// makeAccounts names accounts and derives a key for each. The keys protect
// nothing: the emulator listens on loopback and forgets everything.
func makeAccounts(count int) []Account {
	accounts := make([]Account, max(count, 0))
	for i := range accounts {
		name := fmt.Sprintf("simulated%04d", i)
		sum := sha256.Sum256([]byte(name))
		accounts[i] = Account{Name: name, Key: base64.StdEncoding.EncodeToString(sum[:])}
	}
	return accounts
}

func accountsSetting(accounts []Account) string {
	pairs := make([]string, len(accounts))
	for i, account := range accounts {
		pairs[i] = account.Name + ":" + account.Key
	}
	return strings.Join(pairs, ";")
}

// tail keeps the last few kilobytes written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-4096):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}
