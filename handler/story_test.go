package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
	"mailgrant/scripts/assemble"

	"github.com/rogpeppe/go-internal/testscript"
)

var seedFlag = flag.Uint64("seed", 0, "seed of every random choice of the simulators; 0 takes one from the time")

// bed is what the stories of one test run share: the built packages and one storage
// emulator, in which every story has an account of its own.
type bed struct {
	seed     uint64
	azurite  *storage.Azurite
	accounts atomic.Int64
	folder   string
	// simulated and shipped build the package once, for the shared clock and as it
	// is deployed.
	simulated, shipped func() (string, error)
	// lives has a place for every life that may run at once.
	lives chan struct{}
	// calmLives are the lives without trouble, by mechanism, that others are held against.
	calmMutex sync.Mutex
	calmLives map[string]lived
}

// mostAccounts is how many stories and lives one test run may hold.
const mostAccounts = 1500

// onlyBed makes the bed for all tests of this process, once. The emulator ends with
// the process, and TestMain removes the folder.
var onlyBed = sync.OnceValues(makeBed)

func newBed(t *testing.T) *bed {
	t.Helper()
	b, err := onlyBed()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d (replay with -args -seed=%d)", b.seed, b.seed)
	return b
}

func makeBed() (*bed, error) {
	azurite, err := storage.StartAzurite(context.Background(), filepath.Join("..", "scripts", "azurite"), mostAccounts)
	if err != nil {
		return nil, fmt.Errorf("starting the storage emulator: %w", err)
	}
	b := &bed{seed: *seedFlag, azurite: azurite, folder: bedFolder(), lives: make(chan struct{}, mostAtOnce()), calmLives: map[string]lived{}}
	if b.seed == 0 {
		b.seed = uint64(time.Now().UnixNano())
	}
	b.simulated = sync.OnceValues(func() (string, error) { return b.assemble("simulated", true) })
	b.shipped = sync.OnceValues(func() (string, error) { return b.assemble("shipped", false) })
	return b, nil
}

// bedFolder is this process's own, so that TestMain can remove it.
func bedFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("mailgrant-test-%d", os.Getpid()))
}

func (b *bed) assemble(name string, simulated bool) (string, error) {
	folder := filepath.Join(b.folder, name)
	// The package that is shipped is run as it is; the other one under the race
	// detector, whose report ends the process and fails the story. The full form of the
	// proofs, which lives the lives of the short one a hundred times, goes without.
	build := assemble.Build{Root: "..", Simulated: simulated, Race: simulated && *proveFlag == ""}
	return folder, assemble.Folder(context.Background(), folder, build)
}

func (b *bed) account() (storage.Account, error) {
	number := b.accounts.Add(1) - 1
	if number >= mostAccounts {
		return storage.Account{}, fmt.Errorf("this run wants more than %d storage accounts", mostAccounts)
	}
	return b.azurite.Account(int(number)), nil
}

// TestStories runs every script of testdata/story: whole lives of a grant, over
// HTTP, against the real process, the real storage emulator and the simulated
// tenant.
func TestStories(t *testing.T) {
	b := newBed(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "story"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     false,
		Cmds:                storyCommands(b),
		Setup: func(env *testscript.Env) error {
			told := &story{bed: b, folder: env.WorkDir}
			env.Values[storyKey{}] = told
			env.Defer(told.end)
			return nil
		},
	})
}

// storyKey finds the running story in a script's environment.
type storyKey struct{}

func theStory(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

// besides is how many tests run beside each other unless go test -parallel says
// otherwise: stories wait most of the time, for a tenant that asks for it.
const besides = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(one *flag.Flag) { told = told || one.Name == "test.parallel" })
	if !told {
		err := flag.Set("test.parallel", besides)
		if err != nil {
			fmt.Fprintln(os.Stderr, "running tests beside each other:", err)
			os.Exit(2)
		}
	}
	code := m.Run()
	err := os.RemoveAll(bedFolder())
	if err != nil {
		fmt.Fprintln(os.Stderr, "removing the folder of the tests:", err)
	}
	os.Exit(code)
}
