package main

import (
	"io"
	"net/http"
	"os"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/rogpeppe/go-internal/testscript"
)

// story is one script while it runs.
type story struct {
	*bed
	folder string
	stack  *stack.Stack
	// installed are the installations in the tenant, the one that owns it first; ledger
	// is the storage account of the present one.
	installed []installed
	ledger    storage.Account
	log       *os.File
	status    int
	body      []byte
	header    http.Header
	// answered: the present command has called, and its last answer is what it prints.
	answered bool
	// calm: nothing misbehaves but what the script breaks.
	calm bool
	// asked counts the requests that got a key of the story's own.
	asked int
	// newer are the rows that a later release seems to have written, with their versions.
	newer map[place]azcore.ETag
	// azurite is the story's own emulator; nil where it has an account of the bed's.
	azurite *storage.Azurite
	// failuresExpected: the script breaks the storage or the process, so that
	// invocations fail.
	failuresExpected bool
	// watched looks at mailboxes while time passes; nil where nobody does.
	watched looker
}

const (
	settleLimit = 60 * time.Second
	callLimit   = 100 * time.Second
)

func storyCommands(b *bed) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"start":        (*story)(nil).cmd(cmdStart),
		"watch":        (*story)(nil).cmd(cmdWatch),
		"watched":      (*story)(nil).cmd(cmdWatched),
		"observe":      (*story)(nil).cmd(cmdObserve),
		"observed":     (*story)(nil).cmd(cmdObserved),
		"migrate":      (*story)(nil).cmd(cmdMigrate),
		"adopt":        (*story)(nil).cmd(cmdAdopt),
		"request":      (*story)(nil).cmd(cmdRequest),
		"get":          (*story)(nil).cmd(cmdGet),
		"delete":       (*story)(nil).cmd(cmdDelete),
		"many":         (*story)(nil).cmd(cmdMany),
		"count":        (*story)(nil).cmd(cmdCount),
		"moveend":      (*story)(nil).cmd(cmdMoveEnd),
		"climb":        (*story)(nil).cmd(cmdClimb),
		"nexttry":      (*story)(nil).cmd(cmdNextTry),
		"second":       (*story)(nil).cmd(cmdSecond),
		"skew":         (*story)(nil).cmd(cmdSkew),
		"turn":         (*story)(nil).cmd(cmdTurn),
		"post":         (*story)(nil).cmd(cmdPost),
		"status":       (*story)(nil).cmd(cmdStatus),
		"header":       (*story)(nil).cmd(cmdHeader),
		"save":         (*story)(nil).cmd(cmdSave),
		"settle":       (*story)(nil).cmd(cmdSettle),
		"pass":         (*story)(nil).cmd(cmdPass),
		"sweep":        (*story)(nil).cmd(cmdSweep),
		"until":        (*story)(nil).cmd(cmdUntil),
		"administer":   (*story)(nil).cmd(cmdAdminister),
		"fault":        (*story)(nil).cmd(cmdFault),
		"storagefault": (*story)(nil).cmd(cmdStorageFault),
		"heal":         (*story)(nil).cmd(cmdHeal),
		"dump":         (*story)(nil).cmd(cmdDump),
		"same":         (*story)(nil).cmd(cmdSame),
		"data":         (*story)(nil).cmd(cmdData),
		"changes":      (*story)(nil).cmd(cmdChanges),
		"kill":         (*story)(nil).cmd(cmdKill),
		"terminate":    (*story)(nil).cmd(cmdTerminate),
		"tables":       (*story)(nil).cmd(cmdTables),
		"layout":       (*story)(nil).cmd(cmdLayout),
		"leave":        (*story)(nil).cmd(cmdLeave),
		"restart":      (*story)(nil).cmd(cmdRestart),
		"setting":      (*story)(nil).cmd(cmdSetting),
		"clear":        (*story)(nil).cmd(cmdClear),
		"document":     (*story)(nil).cmd(cmdDocument),
		"mayfail":      (*story)(nil).cmd(cmdMayFail),
		"log":          (*story)(nil).cmd(cmdLog),
		"probe":        (*story)(nil).cmd(cmdProbe),
	}
}

// cmd turns a function into a command, which prints the last answer for the command
// stdout; an error ends the script unless the line begins with an exclamation mark.
func (*story) cmd(do func(*story, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, negated bool, args []string) {
		told := theStory(ts)
		told.answered = false
		err := do(told, ts, args)
		if told.answered {
			_, _ = io.WriteString(ts.Stdout(), told.shown())
		}
		if negated && err == nil {
			ts.Fatalf("this should have failed")
		}
		if !negated && err != nil {
			ts.Fatalf("%v", err)
		}
	}
}
