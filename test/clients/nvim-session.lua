-- A session with nvim-dap, as somebody would have it. Arguments come as PKTGDB_SESSION, JSON: the recipe of docs/clients.md, what to
-- add to its first configuration, which adapter, and whether the session is live. Prints what a user would see as a line of JSON.
local given = vim.fn.json_decode(vim.env.PKTGDB_SESSION)
dofile(given.recipe)
local dap = require('dap')
if given.adapter then
  dap.adapters.pktgdb = given.adapter
end

local result, output, stops = {}, '', 0
dap.listeners.after.event_output['session'] = function(_, body)
  output = output .. body.output
end
dap.listeners.after.event_stopped['session'] = function()
  stops = stops + 1
end

local function quit(text, code)
  io.stdout:write(text .. '\n')
  vim.cmd(code .. 'cquit')
end

local function wait(what, condition)
  if not vim.wait(30000, condition, 10) then
    quit('waited for ' .. what .. '\n' .. output, 1)
  end
end

-- What the REPL answers.
local function ask(expression)
  local done, answer = false, nil
  local session = dap.session()
  local frame = session.current_frame
  session:request('evaluate', { expression = expression, context = 'repl', frameId = frame and frame.id }, function(err, body)
    done, answer = true, err and tostring(err.message) or body.result
  end)
  wait(expression, function() return done end)
  return answer
end

-- The frame that the editor shows after another stop.
local function shown(what, seen)
  wait(what, function()
    local session = dap.session()
    return stops > seen and session and session.current_frame and session.stopped_thread_id
  end)
  return dap.session().current_frame
end

local function step(command)
  local seen, before = stops, dap.session().current_frame.id
  command()
  wait('a step', function()
    local frame = stops > seen and dap.session().current_frame
    return frame and frame.id ~= before
  end)
  return dap.session().current_frame.line
end

dap.run(vim.tbl_extend('force', dap.configurations.typescript[1], given.more))
if given.live then
  wait('nc in the guest', function() return output:find('istening on') end)
  local host = vim.loop.new_tcp()
  host:connect('127.0.0.1', tonumber(output:match('hostfwd tcp 127%.0%.0%.1:(%d+)')), function()
    host:write('Hello qemu Geust\n')
    host:shutdown()
  end)
end

local frame = shown('the breakpoint', 0)
local session = dap.session()
result.line = frame.line
result.frames = vim.tbl_map(function(one) return one.name end, session.threads[session.stopped_thread_id].frames)
wait('the source', function() return vim.fn.bufname():find('e1000.ts') end)
result.buffer = vim.fn.fnamemodify(vim.fn.bufname(), ':t')
result.port = ask('$pkt.tcp.dstport')
result.breakpoints = ask('info breakpoints')
result.next = step(dap.step_over)
result['in'] = step(dap.step_into)
ask('delete')
dap.continue()
if given.live then
  wait('the text', function()
    ask('guest cat hello.txt')
    return output:find('\nHello qemu Geust')
  end)
else
  wait('the end of the replay', function() return output:find('packets played') end)
end
dap.terminate()
wait('the end', function() return dap.session() == nil end)
quit('RESULT ' .. vim.fn.json_encode(result), 0)
