package storage

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// messages makes queue messages follow the shared clock. The emulator hides a
// message by wall time; when the shared clock is past the due time earlier, the
// message is shown just before the next look into its queue. Nobody can tell
// that from a message that had become visible on time, and no timer is needed.
type messages struct {
	account Account
	now     func() time.Time
	client  *http.Client

	mu     sync.Mutex
	hidden map[string]*hiddenMessage // by message id
}

// hiddenMessage is what is needed to show a message: its current receipt and,
// because the service replaces the text on every update, its text.
type hiddenMessage struct {
	queue, receipt, text string
	// due is on the shared clock, wallDue on the emulator's. Both are zero while
	// somebody works on the message.
	due, wallDue time.Time
}

func newMessages(account Account, transport http.RoundTripper, now func() time.Time) *messages {
	return &messages{account: account, now: now, client: &http.Client{Transport: transport}, hidden: map[string]*hiddenMessage{}}
}

// exchange is one finished request about a queue.
type exchange struct {
	asked   call
	request *http.Request
	sent    []byte
	reply   *reply
	began   time.Time
}

// messageList is the answer to putting and getting messages.
type messageList struct {
	Messages []struct {
		ID      string `xml:"MessageId"`
		Receipt string `xml:"PopReceipt"`
		Text    string `xml:"MessageText"`
	} `xml:"QueueMessage"`
}

// note remembers what a request did to the visibility of messages.
func (m *messages) note(done exchange) {
	if m.now == nil || done.reply.status >= http.StatusMultipleChoices {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch done.asked.action {
	case "put":
		m.notePut(done)
	case "get":
		m.noteGet(done)
	case "update":
		m.noteUpdate(done)
	case "delete", "clear":
		m.forget(done.asked)
	}
}

func (m *messages) notePut(done exchange) {
	var list messageList
	if xml.Unmarshal(done.reply.body, &list) != nil {
		return
	}
	for _, one := range list.Messages {
		message := &hiddenMessage{queue: done.asked.subject, receipt: one.Receipt, text: sentText(done.sent)}
		m.hide(message, done)
		m.hidden[one.ID] = message
	}
}

// noteGet remembers the text of messages that somebody works on, for the case
// that they are handed back without it.
func (m *messages) noteGet(done exchange) {
	var list messageList
	if xml.Unmarshal(done.reply.body, &list) != nil {
		return
	}
	for _, one := range list.Messages {
		m.hidden[one.ID] = &hiddenMessage{queue: done.asked.subject, receipt: one.Receipt, text: one.Text}
	}
}

func (m *messages) noteUpdate(done exchange) {
	message, known := m.hidden[done.asked.message]
	if !known {
		message = &hiddenMessage{queue: done.asked.subject}
		m.hidden[done.asked.message] = message
	}
	message.receipt = done.reply.header.Get("X-Ms-Popreceipt")
	if len(done.sent) > 0 {
		message.text = sentText(done.sent)
	}
	m.hide(message, done)
}

// hide sets when a message becomes visible; without a timeout it already is.
func (m *messages) hide(message *hiddenMessage, done exchange) {
	message.due, message.wallDue = time.Time{}, time.Time{}
	seconds, err := strconv.Atoi(done.request.URL.Query().Get("visibilitytimeout"))
	if err != nil || seconds <= 0 {
		return
	}
	timeout := time.Duration(seconds) * time.Second
	message.due = m.now().Add(timeout)
	message.wallDue = done.began.Add(timeout)
}

// forget drops one message, or all of a queue that is cleared or removed.
func (m *messages) forget(asked call) {
	if asked.message != "" {
		delete(m.hidden, asked.message)
		return
	}
	for id, message := range m.hidden {
		if message.queue == asked.subject {
			delete(m.hidden, id)
		}
	}
}

// release shows the messages of one queue that the shared clock has reached.
// The lock is held until the emulator has answered, so that two looks into the
// queue cannot race for the same receipt. A refusal means that the message was
// taken, shown or deleted in the meantime: nothing is left to do.
func (m *messages) release(ctx context.Context, queue string) {
	if m.now == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now, wall := m.now(), time.Now()
	for id, message := range m.hidden {
		if message.queue != queue || message.due.IsZero() || now.Before(message.due) {
			continue
		}
		if wall.Before(message.wallDue) && m.show(ctx, id, message) != nil {
			continue
		}
		message.due = time.Time{}
	}
}

// show makes one message visible. The error is nil also where the service
// refuses: only what could not be asked is worth another attempt.
func (m *messages) show(ctx context.Context, id string, message *hiddenMessage) error {
	credential, err := azqueue.NewSharedKeyCredential(m.account.Name, m.account.Key)
	if err != nil {
		return fmt.Errorf("reading the account's key: %w", err)
	}
	client, err := azqueue.NewQueueClientWithSharedKeyCredential(m.account.QueueEndpoint+"/"+message.queue, credential,
		&azqueue.ClientOptions{ClientOptions: policy.ClientOptions{Transport: m.client}})
	if err != nil {
		return fmt.Errorf("preparing a client for queue %s: %w", message.queue, err)
	}
	at := int32(0)
	options := &azqueue.UpdateMessageOptions{VisibilityTimeout: &at}
	updated, err := client.UpdateMessage(ctx, id, message.receipt, message.text, options)
	refused := new(azcore.ResponseError)
	if errors.As(err, &refused) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("showing a message of queue %s: %w", message.queue, err)
	}
	if updated.PopReceipt != nil {
		message.receipt = *updated.PopReceipt
	}
	return nil
}

// sentText reads the text out of a message body as a client sends it.
func sentText(body []byte) string {
	var message struct {
		Text string `xml:"MessageText"`
	}
	err := xml.Unmarshal(body, &message)
	if err != nil {
		return ""
	}
	return message.Text
}
