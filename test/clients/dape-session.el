;;; dape-session.el --- a session with dape, as somebody would have it  -*- lexical-binding: t; -*-

;; Arguments: the recipe of docs/clients.md, what to add to its configuration (a plist), and "live" or "replay".
;; Prints what a user would see as a line of JSON.

(require 'json)
(pcase-let ((`(,recipe ,more ,kind) command-line-args-left))
  (setq command-line-args-left nil)
  (load recipe nil t)
  (defvar session-kind kind)
  (defvar session-config (append (car (read-from-string more)) (alist-get 'pktgdb dape-configs))))

(defvar session-result nil)

(defun session-until (what condition)
  "Let things happen until CONDITION; WHAT says what was waited for if it never comes."
  (with-timeout (30 (princ (format "waited for %s\n%s" what (session-repl))) (kill-emacs 1))
    (while (not (funcall condition))
      (accept-process-output nil 0.01))))

(defun session-repl ()
  (if (get-buffer "*dape-repl*")
      (with-current-buffer "*dape-repl*" (buffer-substring-no-properties (point-min) (point-max)))
    ""))

(defun session-note (name value)
  (push (cons name value) session-result))

(defun session-ask (expression)
  "What the REPL answers to EXPRESSION."
  (let ((conn (dape--live-connection 'last t)) done answer)
    (dape--evaluate-expression conn (plist-get (dape--current-stack-frame conn) :id) expression "repl"
                               (lambda (body error) (setq done t answer (or error (plist-get body :result)))))
    (session-until expression (lambda () done))
    answer))

(defun session-frames ()
  "Names of all frames."
  (let* ((conn (dape--live-connection 'stopped t)) (thread (dape--current-thread conn)) done)
    (dape--stack-trace conn thread 100 (lambda (&rest _) (setq done t)))
    (session-until "frames" (lambda () done))
    (vconcat (mapcar (lambda (frame) (plist-get frame :name)) (plist-get thread :stackFrames)))))

(defun session-stopped (what)
  (session-until what (lambda ()
                        (let ((conn (dape--live-connection 'stopped t)))
                          (and conn (dape--current-stack-frame conn))))))

(defun session-step (command)
  "Run COMMAND, which ends in a stop, and say where that is."
  (let* ((conn (dape--live-connection 'stopped t)) (before (plist-get (dape--current-stack-frame conn) :id)))
    (funcall command conn)
    (session-until "a step" (lambda ()
                              (let* ((now (dape--live-connection 'stopped t))
                                     (frame (and now (dape--current-stack-frame now))))
                                (and frame (not (eql (plist-get frame :id) before))))))
    (plist-get (dape--current-stack-frame (dape--live-connection 'stopped t)) :line)))

(setq dape-start-hook '(dape-repl))
(dape (dape--config-eval-1 session-config))

(when (equal session-kind "live")
  (session-until "nc in the guest" (lambda () (string-match-p "istening on" (session-repl))))
  (let* ((text (session-repl))
         (port (and (string-match "hostfwd tcp 127\\.0\\.0\\.1:\\([0-9]+\\)" text) (match-string 1 text)))
         (host (make-network-process :name "host" :host "127.0.0.1" :service (string-to-number port))))
    (process-send-string host "Hello qemu Geust\n")
    (process-send-eof host)))

(session-stopped "the breakpoint")
(session-note 'frames (session-frames))
(session-note 'line (plist-get (dape--current-stack-frame (dape--live-connection 'stopped t)) :line))
(session-note 'buffer (seq-some (lambda (buffer) (and (string-suffix-p ".ts" (buffer-name buffer)) (buffer-name buffer)))
                                (buffer-list)))
(session-note 'port (session-ask "$pkt.tcp.dstport"))
(session-note 'breakpoints (session-ask "info breakpoints"))
(session-note 'next (session-step #'dape-next))
(session-note 'in (session-step #'dape-step-in))
(session-ask "delete")
(dape-continue (dape--live-connection 'stopped t))
(if (equal session-kind "live")
    (session-until "the text" (lambda ()
                                (session-ask "guest cat hello.txt")
                                (string-match-p "^Hello qemu Geust" (session-repl))))
  (session-until "the end of the replay" (lambda () (string-match-p "packets played" (session-repl)))))
(let ((conn (dape--live-connection 'last t)) done)
  (dape-kill conn (lambda (&rest _) (setq done t)))
  (session-until "the end" (lambda () (and done (not (jsonrpc-running-p conn))))))
(princ (concat "RESULT " (json-encode session-result) "\n"))
(kill-emacs 0)
